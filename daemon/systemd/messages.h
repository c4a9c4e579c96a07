/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The MESSAGE_ID of each kind of message in the journal, for `journalctl MESSAGE_ID=...` and for the
 * catalogue that `journalctl -x` shows (packaging/systemd/netdrop-exporter.catalog, with an entry for each).
 * People's filters depend on them: an ID is never changed or reused.
 */

#define MESSAGE_COLLECTOR_OK          "d3d012dd2989484aa1c8f2a78b6b5a4c"
#define MESSAGE_COLLECTOR_FAILING     "e62f65bc032a412788a15abd8468e5a5"
#define MESSAGE_COLLECTOR_STUCK       "f1c45d36968a41609a7ed04673001aa4"
#define MESSAGE_COLLECTOR_STALE       "56e2ff2a922545df85270fcc809205c9"
#define MESSAGE_COLLECTOR_UNSUPPORTED "3cbdd367de8744d4a71d6ac23dbebb26"
#define MESSAGE_COLLECTOR_CHOICE      "de11ecac17ae48ca93d77de623abb0b5"
#define MESSAGE_CONFIG_RELOADED       "b915cd855a4246c496f8deafe03c5001"
#define MESSAGE_CONFIG_REFUSED        "bd79c51dfb4442109ed3896477e06ce0"
#define MESSAGE_CONFIG_RESTART        "359863950d6b4eedbec17918add25992"
#define MESSAGE_ADDRESS_AWAITED       "71f2bd5cf7e54bb0ab0c3bbe2c5a5a0e"
#define MESSAGE_ADDRESS_HERE          "a5bfb92a6f3f4a4a9d0f3d5bb4c1d1a7"
#define MESSAGE_CERTIFICATE_TIME      "0d1c8b0f0a7e4b5ea7ac6a0f6e1dfb52"
#define MESSAGE_CERTIFICATE_IN_TIME   "e90b8a3a8e7d4b87b1d8a3d1a3c40b4c"
#define MESSAGE_FILES_RENEWED         "58c5f6d6d2ec4e0f9c5f4c7ae1d9d3b6"
#define MESSAGE_FILES_REFUSED         "c4f0a2b8dbd34dc0b7a1c38de4f6a971"
#define MESSAGE_LOSS_BEGAN            "631adde3e0d44ef6a178f54fa10f1772"
#define MESSAGE_LOSS_ENDED            "f31ecb2296ea479e8727acfb95531603"
#define MESSAGE_REFUSAL_BEGAN         "8f1d7cb0c2a94ad1b5a7f3b4f1c6d902"
#define MESSAGE_REFUSAL_ENDED         "0b6a4e2d97f64c28a3d0e5c8f2b19a47"
#define MESSAGE_LOSS_UNSAID           "b57e748554ea4d7f85079c5953d8d624"
