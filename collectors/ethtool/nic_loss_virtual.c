/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/nic_loss_private.h"

/*
 * Losses by cause of NICs of virtual machines and clouds: part of the dictionary; nic_loss.h explains an
 * entry. Constant data; the ethtool collector's thread.
 */

#include "base/cleanup.h"

static const struct nic_loss losses[] = {
    /* drops includes the XDP drops (err_xdp falls through), so xdp_drops is left out. Since 6.8 the queue
     * number follows rx or tx directly. */
    {"virtio_net", "rx_queue_#_drops", NIC_RECEIVE, NIC_LOST_DROPPED, "virtio_net.c:934"},
    {"virtio_net", "rx#_drops", NIC_RECEIVE, NIC_LOST_DROPPED, "virtio_net.c:934"},
    {"virtio_net", "tx_queue_#_xdp_tx_drops", NIC_TRANSMIT, NIC_LOST_BUSY, "virtio_net.c:705"},
    {"virtio_net", "tx#_xdp_tx_drops", NIC_TRANSMIT, NIC_LOST_BUSY, "virtio_net.c:705"},
    {"veth", "rx_queue_#_drops", NIC_RECEIVE, NIC_LOST_DROPPED, "veth.c:961"},
    {"veth", "rx_queue_#_xdp_drops", NIC_RECEIVE, NIC_LOST_FILTERED, "veth.c:960"},
    {"veth", "rx_queue_#_xdp_tx_errors", NIC_TRANSMIT, NIC_LOST_BUSY, "veth.c:537"},
    {"veth", "tx_queue_#_xdp_xmit_errors", NIC_TRANSMIT, NIC_LOST_BUSY, "veth.c:494"},
    /* Left out: bw_in, bw_out and pps_allowance_exceeded. They count packets that were queued or dropped, and
     * nobody says which. The other allowances concern packets to and from the instance, and drop what exceeds
     * them. */
    {"ena", "conntrack_allowance_exceeded", NIC_EITHER, NIC_LOST_CONNTRACK_ALLOWANCE,
     "ethernet/amazon/ena/ena_admin_defs.h:448"},
    {"ena", "linklocal_allowance_exceeded", NIC_EITHER, NIC_LOST_LINKLOCAL_ALLOWANCE,
     "ethernet/amazon/ena/ena_admin_defs.h:453"},
    {"ena", "queue_#_rx_skb_alloc_fail", NIC_RECEIVE, NIC_LOST_NO_BUFFER,
     "ethernet/amazon/ena/ena_netdev.c:1434"},
    {"ena", "queue_#_rx_xdp_drop", NIC_RECEIVE, NIC_LOST_FILTERED, "ethernet/amazon/ena/ena_netdev.c:430"},
    {"ena", "queue_#_tx_linearize_failed", NIC_TRANSMIT, NIC_LOST_FAULT,
     "ethernet/amazon/ena/ena_netdev.c:3032"},
    {"ena", "queue_#_tx_dma_mapping_err", NIC_TRANSMIT, NIC_LOST_FAULT,
     "ethernet/amazon/ena/ena_netdev.c:3131"},
    {"ena", "queue_#_tx_prepare_ctx_err", NIC_TRANSMIT, NIC_LOST_FAULT,
     "ethernet/amazon/ena/ena_netdev.c:167"},
    /* rx_dropped is the sum of the first two. */
    {"gve", "rx_skb_alloc_fail", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "ethernet/google/gve/gve_ethtool.c:219"},
    {"gve", "rx_desc_err_dropped_pkt", NIC_RECEIVE, NIC_LOST_FAULT, "ethernet/google/gve/gve_ethtool.c:219"},
    {"gve", "tx_dropped", NIC_TRANSMIT, NIC_LOST_FAULT, "ethernet/google/gve/gve_ethtool.c:209"},
    /* drop_total includes drop_err, drop_fcs and the parts of a transmit drop. The strings repeat for each
     * queue. */
    {"vmxnet3", "  pkts rx OOB", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "vmxnet3/upt1_defs.h:53"},
    {"vmxnet3", "  pkts tx err", NIC_TRANSMIT, NIC_LOST_FAULT, "vmxnet3/upt1_defs.h:39"},
    {"vmxnet3", "  pkts tx discard", NIC_TRANSMIT, NIC_LOST_DROPPED, "vmxnet3/upt1_defs.h:40"},
    {"vmxnet3", "  drv dropped rx total", NIC_RECEIVE, NIC_LOST_DROPPED, "vmxnet3/vmxnet3_drv.c:1336"},
    {"vmxnet3", "  drv dropped tx total", NIC_TRANSMIT, NIC_LOST_DROPPED, "vmxnet3/vmxnet3_drv.c:1263"},
    /* Each is counted at the label `drop` of netvsc_xmit(), or in its caller. Left out: tx_busy (the packet
     * comes again), rx_comp_busy and tx_send_full (not packets). */
    {"hv_netvsc", "vf_tx_dropped", NIC_TRANSMIT, NIC_LOST_DROPPED, "hyperv/netvsc_drv.c:435"},
    {"hv_netvsc", "tx_too_big", NIC_TRANSMIT, NIC_LOST_FAULT, "hyperv/netvsc_drv.c:479"},
    {"hv_netvsc", "vlan_error", NIC_TRANSMIT, NIC_LOST_FAULT, "hyperv/netvsc_drv.c:538"},
    {"hv_netvsc", "tx_no_space", NIC_TRANSMIT, NIC_LOST_BUSY, "hyperv/netvsc_drv.c:640"},
    {"hv_netvsc", "tx_no_memory", NIC_TRANSMIT, NIC_LOST_NO_BUFFER, "hyperv/netvsc_drv.c:649"},
    {"hv_netvsc", "rx_no_memory", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "hyperv/netvsc_drv.c:872"},
    {"hv_netvsc", "rx_queue_#_xdp_drop", NIC_RECEIVE, NIC_LOST_FILTERED, "hyperv/netvsc_drv.c:862"},
    /* hc_ counts on the host's side of the NIC. Left out: tx_cq_err and *_unknown_type (completions, not
     * packets), rx_coalesced_err (up to four packets each). */
    {"mana", "hc_rx_discards_no_wqe", NIC_RECEIVE, NIC_LOST_NO_BUFFER,
     "6.12 ethernet/microsoft/mana/mana_en.c:2507"},
    {"mana", "hc_rx_err_vport_disabled", NIC_RECEIVE, NIC_LOST_LINK_DOWN,
     "6.12 ethernet/microsoft/mana/mana_en.c:2508"},
    {"mana", "rx_#_xdp_drop", NIC_RECEIVE, NIC_LOST_FILTERED, "6.12 ethernet/microsoft/mana/mana_en.c:1603"},
    {"mana", "hc_tx_err_gf_disabled", NIC_TRANSMIT, NIC_LOST_LINK_DOWN,
     "6.12 ethernet/microsoft/mana/mana_en.c:2516"},
    {"mana", "hc_tx_err_vport_disabled", NIC_TRANSMIT, NIC_LOST_LINK_DOWN,
     "6.12 ethernet/microsoft/mana/mana_en.c:2517"},
    {"mana", "hc_tx_err_inval_vportoffset_pkt", NIC_TRANSMIT, NIC_LOST_FAULT,
     "6.12 ethernet/microsoft/mana/mana_en.c:2518"},
    {"mana", "hc_tx_err_vlan_enforcement", NIC_TRANSMIT, NIC_LOST_FILTERED,
     "6.12 ethernet/microsoft/mana/mana_en.c:2520"},
    {"mana", "hc_tx_err_eth_type_enforcement", NIC_TRANSMIT, NIC_LOST_FILTERED,
     "6.12 ethernet/microsoft/mana/mana_en.c:2522"},
    {"mana", "hc_tx_err_sa_enforcement", NIC_TRANSMIT, NIC_LOST_FILTERED,
     "6.12 ethernet/microsoft/mana/mana_en.c:2524"},
    {"mana", "hc_tx_err_sqpdid_enforcement", NIC_TRANSMIT, NIC_LOST_FAULT,
     "6.12 ethernet/microsoft/mana/mana_en.c:2525"},
    {"mana", "hc_tx_err_cqpdid_enforcement", NIC_TRANSMIT, NIC_LOST_FAULT,
     "6.12 ethernet/microsoft/mana/mana_en.c:2527"},
    {"mana", "hc_tx_err_mtu_violation", NIC_TRANSMIT, NIC_LOST_LENGTH,
     "6.12 ethernet/microsoft/mana/mana_en.c:2529"},
    {"mana", "hc_tx_err_inval_oob", NIC_TRANSMIT, NIC_LOST_FAULT,
     "6.12 ethernet/microsoft/mana/mana_en.c:2530"},
    {"mana", "hc_tx_err_gdma", NIC_TRANSMIT, NIC_LOST_FAULT, "6.12 ethernet/microsoft/mana/mana_en.c:2538"},
    {"mana", "tx_#_mana_map_err", NIC_TRANSMIT, NIC_LOST_FAULT, "6.12 ethernet/microsoft/mana/mana_en.c:377"},
};

const struct nic_losses nic_losses_virtual = {losses, ELEMENTS(losses)};
