/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/nic_loss_private.h"

/*
 * Losses by cause of Intel's NICs: part of the dictionary; nic_loss.h explains an entry. Constant data; the
 * ethtool collector's thread.
 */

#include "base/cleanup.h"

static const struct nic_loss losses[] = {
    /* VSI statistics count what the host's rings lost; port.* counts what the port lost before. */
    {"i40e", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "ethernet/intel/i40e/i40e_main.c:983"},
    {"i40e", "rx_dropped", NIC_RECEIVE, NIC_LOST_DROPPED, "ethernet/intel/i40e/i40e_main.c:981"},
    {"i40e", "port.rx_discards", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/i40e/i40e_main.c:1018"},
    {"i40e", "port.rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/i40e/i40e_main.c:1057"},
    {"i40e", "port.illegal_bytes", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/i40e/i40e_main.c:990"},
    {"i40e", "port.rx_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/i40e/i40e_main.c:1075"},
    {"i40e", "tx_dropped", NIC_TRANSMIT, NIC_LOST_DROPPED, "ethernet/intel/i40e/i40e_main.c:985"},
    {"i40e", "port.tx_dropped_link_down", NIC_TRANSMIT, NIC_LOST_LINK_DOWN,
     "ethernet/intel/i40e/i40e_main.c:1053"},
    /* ice_update_vsi_stats() adds the wire errors up to rx_errors. So they are disjoint. */
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
    /* Left out: rx_no_buffer_count (such packets may still be stored), and too short and too long packets
     * (the driver does not add them to rx_errors beside the length errors). */
    {"ixgbe", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/ixgbe/ixgbe_main.c:7327"},
    {"ixgbe", "rx_no_dma_resources", NIC_RECEIVE, NIC_LOST_NO_BUFFER,
     "ethernet/intel/ixgbe/ixgbe_main.c:7243"},
    {"ixgbe", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/ixgbe/ixgbe_main.c:7326"},
    {"ixgbe", "rx_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/ixgbe/ixgbe_main.c:7325"},
    /* igb_update_stats() adds them up to rx_errors, and RQDPC and MPC to rx_fifo_errors. So they are
     * disjoint. Left out: rx_no_buffer_count (such packets may still be stored). */
    {"igb", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/igb/igb_main.c:6718"},
    {"igb", "rx_queue_#_drops", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "ethernet/intel/igb/igb_main.c:6666"},
    {"igb", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/igb/igb_main.c:6794"},
    {"igb", "rx_align_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/igb/igb_main.c:6795"},
    {"igb", "rx_short_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/igb/igb_main.c:6792"},
    {"igb", "rx_long_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/igb/igb_main.c:6792"},
    {"igb", "tx_aborted_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/igb/igb_main.c:6801"},
    {"igb", "tx_window_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/igb/igb_main.c:6802"},
    /* e1000e_update_stats() adds them up to rx_errors and tx_errors. rx_no_buffer_count is left out, as for
     * igb. */
    {"e1000e", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/e1000e/netdev.c:5016"},
    {"e1000e", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/e1000e/netdev.c:5014"},
    {"e1000e", "rx_align_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/e1000e/netdev.c:5015"},
    {"e1000e", "rx_short_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/e1000e/netdev.c:5012"},
    {"e1000e", "rx_long_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/e1000e/netdev.c:5012"},
    {"e1000e", "tx_aborted_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/e1000e/netdev.c:5020"},
    {"e1000e", "tx_window_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/e1000e/netdev.c:5021"},
    /* igc_update_stats() adds them up to rx_errors, and RQDPC and MPC to rx_fifo_errors. Left out:
     * rx_no_buffer_count and rx_queue_#_alloc_failed (such packets may still be stored). */
    {"igc", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/igc/igc_main.c:4977"},
    {"igc", "rx_queue_#_drops", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "ethernet/intel/igc/igc_main.c:4863"},
    {"igc", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/igc/igc_main.c:4975"},
    {"igc", "rx_align_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/igc/igc_main.c:4976"},
    {"igc", "rx_short_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/igc/igc_main.c:4973"},
    {"igc", "rx_long_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH, "ethernet/intel/igc/igc_main.c:4973"},
    {"igc", "tx_aborted_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/igc/igc_main.c:4982"},
    {"igc", "tx_window_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/igc/igc_main.c:4983"},
    /* As e1000_update_stats() adds them up. */
    {"e1000", "rx_missed_errors", NIC_RECEIVE, NIC_LOST_MISSED, "ethernet/intel/e1000/e1000_main.c:3698"},
    {"e1000", "rx_crc_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/e1000/e1000_main.c:3696"},
    {"e1000", "rx_align_errors", NIC_RECEIVE, NIC_LOST_CRC, "ethernet/intel/e1000/e1000_main.c:3697"},
    {"e1000", "rx_short_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH,
     "ethernet/intel/e1000/e1000_main.c:3694"},
    {"e1000", "rx_long_length_errors", NIC_RECEIVE, NIC_LOST_LENGTH,
     "ethernet/intel/e1000/e1000_main.c:3694"},
    {"e1000", "tx_aborted_errors", NIC_TRANSMIT, NIC_LOST_COLLISION,
     "ethernet/intel/e1000/e1000_main.c:3703"},
    {"e1000", "tx_window_errors", NIC_TRANSMIT, NIC_LOST_COLLISION, "ethernet/intel/e1000/e1000_main.c:3704"},
    /* What the host's driver reports about the rings of the virtual function (i40e, ice). ixgbevf has no
     * entries: after a failed allocation the packet stays in the ring, and the hardware does not count it. */
    {"iavf", "rx_discards", NIC_RECEIVE, NIC_LOST_NO_BUFFER, "ethernet/intel/iavf/iavf_virtchnl.c:2212"},
    {"iavf", "tx_errors", NIC_TRANSMIT, NIC_LOST_FAULT, "ethernet/intel/iavf/iavf_virtchnl.c:2211"},
    {"iavf", "tx_discards", NIC_TRANSMIT, NIC_LOST_DROPPED, "ethernet/intel/iavf/iavf_virtchnl.c:2213"},
    /* Sums over the queues, made at each reading. They do not include what the device discards. */
    {"idpf", "rx-bad_descs", NIC_RECEIVE, NIC_LOST_FAULT, "6.12 ethernet/intel/idpf/idpf_txrx.c:2977"},
    {"idpf", "tx-skb_drops", NIC_TRANSMIT, NIC_LOST_DROPPED, "6.12 ethernet/intel/idpf/idpf_txrx.c:2414"},
    {"idpf", "tx-dma_map_errs", NIC_TRANSMIT, NIC_LOST_FAULT, "6.12 ethernet/intel/idpf/idpf_txrx.c:2103"},
};

const struct nic_losses nic_losses_intel = {losses, ELEMENTS(losses)};
