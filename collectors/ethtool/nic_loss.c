/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/nic_loss.h"

/* See nic_loss.h. Data; read by the ethtool collector's thread. */

#include <string.h>

#include "base/cleanup.h"

const struct nic_loss nic_losses[] = {
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
    /* if_in_discards is of the port, all priorities: rx_prio*_discards are parts of it. Left out: symbol
     * errors (not packets), jabbers (part of too long), buff_alloc_err (a later refill may succeed). */
    {"mlx5_core", "rx_out_of_buffer", NIC_RECEIVE, NIC_LOST_NO_BUFFER,
     "ethernet/mellanox/mlx5/core/en_stats.c:555"},
    {"mlx5_core", "rx_discards_phy", NIC_RECEIVE, NIC_LOST_MISSED,
     "ethernet/mellanox/mlx5/core/en_stats.c:978"},
    {"mlx5_core", "rx_crc_errors_phy", NIC_RECEIVE, NIC_LOST_CRC,
     "ethernet/mellanox/mlx5/core/en_stats.c:804"},
    {"mlx5_core", "rx_in_range_len_errors_phy", NIC_RECEIVE, NIC_LOST_LENGTH,
     "ethernet/mellanox/mlx5/core/en_stats.c:811"},
    {"mlx5_core", "rx_oversize_pkts_phy", NIC_RECEIVE, NIC_LOST_LENGTH,
     "ethernet/mellanox/mlx5/core/en_stats.c:813"},
    {"mlx5_core", "rx_undersize_pkts_phy", NIC_RECEIVE, NIC_LOST_LENGTH,
     "ethernet/mellanox/mlx5/core/en_stats.c:1027"},
    {"mlx5_core", "rx_oversize_pkts_buffer", NIC_RECEIVE, NIC_LOST_LENGTH,
     "ethernet/mellanox/mlx5/core/en_stats.c:646"},
    {"mlx5_core", "rx_steer_missed_packets", NIC_RECEIVE, NIC_LOST_FILTERED,
     "ethernet/mellanox/mlx5/core/en_stats.c:636"},
    {"mlx5_core", "rx_xdp_drop", NIC_RECEIVE, NIC_LOST_FILTERED,
     "ethernet/mellanox/mlx5/core/en_stats.c:352"},
    {"mlx5_core", "rx_if_down_packets", NIC_RECEIVE, NIC_LOST_LINK_DOWN,
     "ethernet/mellanox/mlx5/core/en_stats.c:629"},
    {"mlx5_core", "tx_discards_phy", NIC_TRANSMIT, NIC_LOST_NO_BUFFER,
     "ethernet/mellanox/mlx5/core/en_stats.c:979"},
    {"mlx5_core", "tx_errors_phy", NIC_TRANSMIT, NIC_LOST_FAULT,
     "ethernet/mellanox/mlx5/core/en_stats.c:980"},
    {"mlx5_core", "tx_queue_dropped", NIC_TRANSMIT, NIC_LOST_FAULT,
     "ethernet/mellanox/mlx5/core/en_stats.c:422"},
    {"mlx5_core", "rx_oversize_pkts_sw_drop", NIC_RECEIVE, NIC_LOST_LENGTH,
     "ethernet/mellanox/mlx5/core/en_rx.c:1940"},
    {"mlx5_core", "rx_wqe_err", NIC_RECEIVE, NIC_LOST_FAULT, "ethernet/mellanox/mlx5/core/en_rx.c:1701"},
    /* rx_dropped is left out: whether RDROP includes RdropOvflw is not documented. */
    {"mlx4_en", "rx_fifo_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/mellanox/mlx4/en_port.c:330"},
    {"mlx4_en", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/mellanox/mlx4/en_port.c:329"},
    {"mlx4_en", "rx_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/mellanox/mlx4/en_port.c:328"},
    {"mlx4_en", "tx_dropped", NIC_TRANSMIT, NIC_LOST_FAULT, "ethernet/mellanox/mlx4/en_port.c:331"},
    /* VSI statistics say what the host's rings lost, port.* what the port lost before. */
    {"i40e", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "ethernet/intel/i40e/i40e_main.c:983"},
    {"i40e", "rx_dropped", NIC_RECEIVE, NIC_LOST_DROPPED, "ethernet/intel/i40e/i40e_main.c:981"},
    {"i40e", "port.rx_discards", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/i40e/i40e_main.c:1018"},
    {"i40e", "port.rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/i40e/i40e_main.c:1057"},
    {"i40e", "port.illegal_bytes", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/i40e/i40e_main.c:990"},
    {"i40e", "port.rx_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/i40e/i40e_main.c:1075"},
    {"i40e", "tx_dropped", NIC_TRANSMIT, NIC_LOST_DROPPED, "ethernet/intel/i40e/i40e_main.c:985"},
    {"i40e", "port.tx_dropped_link_down", NIC_TRANSMIT, NIC_LOST_LINK_DOWN,
     "ethernet/intel/i40e/i40e_main.c:1053"},
    /* ice_update_vsi_stats() adds the wire errors up to rx_errors, so they are disjoint. */
    {"ice", "rx_dropped", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "ethernet/intel/ice/ice_main.c:6576"},
    {"ice", "rx_dropped.nic", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/ice/ice_main.c:6592"},
    {"ice", "rx_crc_errors.nic", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/ice/ice_main.c:6583"},
    {"ice", "illegal_bytes.nic", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/ice/ice_main.c:6584"},
    {"ice", "rx_length_errors.nic", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/ice/ice_main.c:6585"},
    {"ice", "rx_undersize.nic", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/ice/ice_main.c:6586"},
    {"ice", "rx_jabber.nic", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/ice/ice_main.c:6587"},
    {"ice", "rx_fragments.nic", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/ice/ice_main.c:6588"},
    {"ice", "rx_oversize.nic", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/ice/ice_main.c:6589"},
    {"ice", "tx_errors", NIC_TRANSMIT, NIC_LOST_FAULT, "ethernet/intel/ice/ice_main.c:6575"},
    {"ice", "tx_dropped_link_down.nic", NIC_TRANSMIT, NIC_LOST_LINK_DOWN,
     "ethernet/intel/ice/ice_main.c:6649"},
    /* rx_no_buffer_count is left out: such packets may still be stored. So are the too short and too long
     * ones, which the driver does not add to rx_errors beside the length errors. */
    {"ixgbe", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/ixgbe/ixgbe_main.c:7327"},
    {"ixgbe", "rx_no_dma_resources", NIC_RECEIVE, NIC_LOST_NO_BUFFER,
     "ethernet/intel/ixgbe/ixgbe_main.c:7243"},
    {"ixgbe", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/ixgbe/ixgbe_main.c:7326"},
    {"ixgbe", "rx_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/ixgbe/ixgbe_main.c:7325"},
    /* igb_update_stats() adds them up to rx_errors, and RQDPC and MPC to rx_fifo_errors, so they are
     * disjoint. rx_no_buffer_count is left out: such packets may still be stored. */
    {"igb", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/igb/igb_main.c:6718"},
    {"igb", "rx_queue_#_drops", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "ethernet/intel/igb/igb_main.c:6666"},
    {"igb", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/igb/igb_main.c:6794"},
    {"igb", "rx_align_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/igb/igb_main.c:6795"},
    {"igb", "rx_short_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/igb/igb_main.c:6792"},
    {"igb", "rx_long_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/igb/igb_main.c:6792"},
    {"igb", "tx_aborted_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/igb/igb_main.c:6801"},
    {"igb", "tx_window_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/igb/igb_main.c:6802"},
    /* e1000e_update_stats() adds them up to rx_errors and tx_errors. rx_no_buffer_count is left out as in
       igb. */
    {"e1000e", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/e1000e/netdev.c:5016"},
    {"e1000e", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/e1000e/netdev.c:5014"},
    {"e1000e", "rx_align_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/e1000e/netdev.c:5015"},
    {"e1000e", "rx_short_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/e1000e/netdev.c:5012"},
    {"e1000e", "rx_long_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/e1000e/netdev.c:5012"},
    {"e1000e", "tx_aborted_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/e1000e/netdev.c:5020"},
    {"e1000e", "tx_window_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/e1000e/netdev.c:5021"},
    /* Discards of all rings since the driver was loaded; the port counters as bnxt_get_stats64() reads them.
     */
    {"bnxt_en", "rx_total_discard_pkts", NIC_RECEIVE, NIC_LOST_NO_BUFFER,
     "ethernet/broadcom/bnxt/bnxt.c:10968"},
    {"bnxt_en", "rx_fcs_err_frames", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/broadcom/bnxt/bnxt.c:11021"},
    {"bnxt_en", "rx_align_err_frames", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/broadcom/bnxt/bnxt.c:11023"},
    {"bnxt_en", "rx_undrsz_frames", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/broadcom/bnxt/bnxt.c:11025"},
    {"bnxt_en", "rx_ovrsz_frames", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/broadcom/bnxt/bnxt.c:11026"},
    {"bnxt_en", "rx_runt_frames", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/broadcom/bnxt/bnxt.c:11027"},
    {"bnxt_en", "tx_fifo_underruns", NIC_TRANSMIT, NIC_LOST_FAULT, "ethernet/broadcom/bnxt/bnxt.c:11034"},
    /* The *_allowance_exceeded statistics are left out: they count packets queued or dropped. */
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
    /* drop_total includes drop_err, drop_fcs and the parts of a transmit drop. Strings repeat for each queue.
     */
    {"vmxnet3", "  pkts rx OOB", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "vmxnet3/upt1_defs.h:53"},
    {"vmxnet3", "  pkts tx err", NIC_TRANSMIT, NIC_LOST_FAULT, "vmxnet3/upt1_defs.h:39"},
    {"vmxnet3", "  pkts tx discard", NIC_TRANSMIT, NIC_LOST_DROPPED, "vmxnet3/upt1_defs.h:40"},
    {"vmxnet3", "  drv dropped rx total", NIC_RECEIVE, NIC_LOST_DROPPED, "vmxnet3/vmxnet3_drv.c:1336"},
    {"vmxnet3", "  drv dropped tx total", NIC_TRANSMIT, NIC_LOST_DROPPED, "vmxnet3/vmxnet3_drv.c:1263"},
    /* As tg3_get_nstats() adds them up. */
    {"tg3", "rx_discards", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/broadcom/tg3.c:11963"},
    {"tg3", "rx_fcs_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/broadcom/tg3.c:11821"},
    {"tg3", "rx_align_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/broadcom/tg3.c:11953"},
    {"tg3", "rx_frame_too_long_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/broadcom/tg3.c:11949"},
    {"tg3", "rx_undersize_packets", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/broadcom/tg3.c:11950"},
    {"tg3", "tx_errors", NIC_TRANSMIT, NIC_LOST_FAULT, "ethernet/broadcom/tg3.c:11938"},
    {"tg3", "tx_mac_errors", NIC_TRANSMIT, NIC_LOST_FAULT, "ethernet/broadcom/tg3.c:11939"},
    {"tg3", "tx_carrier_sense_errors", NIC_TRANSMIT, NIC_LOST_FAULT, "ethernet/broadcom/tg3.c:11940"},
    {"tg3", "tx_discards", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/broadcom/tg3.c:11954"},
};

const size_t nic_loss_count = ELEMENTS(nic_losses);

const struct nic_loss *nic_loss_find(const char *driver, const char *statistic)
{
    for (size_t i = 0; i < nic_loss_count; i++) {
        if (strcmp(nic_losses[i].driver, driver) == 0 && strcmp(nic_losses[i].statistic, statistic) == 0)
            return &nic_losses[i];
    }
    return NULL;
}

const char *nic_direction_name(enum nic_direction direction)
{
    return direction == NIC_RECEIVE ? "receive" : "transmit";
}

const char *nic_cause_name(enum nic_cause cause)
{
    static const char *const names[NIC_LOST_COUNT] = {
        [NIC_LOST_NO_BUFFER] = "no_buffer",
        [NIC_LOST_MISSED] = "missed",
        [NIC_LOST_CRC] = "crc",
        [NIC_LOST_LENGTH] = "length",
        [NIC_LOST_FILTERED] = "filtered",
        [NIC_LOST_LINK_DOWN] = "link_down",
        [NIC_LOST_COLLISION] = "collision",
        [NIC_LOST_BUSY] = "busy",
        [NIC_LOST_FAULT] = "fault",
        [NIC_LOST_DROPPED] = "dropped",
    };

    return names[cause];
}
