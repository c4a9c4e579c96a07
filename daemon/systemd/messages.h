/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What each kind of message is called in the journal: MESSAGE_ID, for `journalctl MESSAGE_ID=...` and for the
 * catalogue that `journalctl -x` explains them from (packaging/systemd/netdrop-exporter.catalog, which has an
 * entry for each). People's filters depend on them: one is never reused, nor changed.
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
#define MESSAGE_LOSS_BEGAN            "631adde3e0d44ef6a178f54fa10f1772"
#define MESSAGE_LOSS_ENDED            "f31ecb2296ea479e8727acfb95531603"
#define MESSAGE_LOSS_UNSAID           "b57e748554ea4d7f85079c5953d8d624"
