/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/protocols/snmp_help.h"

/*
 * Finds the HELP text of a protocol counter. A newer kernel has fields that no list knows: they are served
 * under the kernel's name, with a text that says so. Pure; the threads of the collectors snmp and netns.
 */

#include "base/cleanup.h"
#include "collectors/protocols/snmp_help_texts.h"

static const char *find(struct snmp_text protocol, struct snmp_text field)
{
    static const struct snmp_help_list *const lists[] = {&snmp_help_ip, &snmp_help_icmp, &snmp_help_tcp,
                                                         &snmp_help_tcp_more, &snmp_help_mptcp};

    for (size_t list = 0; list < ELEMENTS(lists); list++)
        for (size_t i = 0; i < lists[list]->count; i++) {
            const struct snmp_help_text *text = &lists[list]->texts[i];

            if (snmp_text_is(field, text->field) && snmp_text_is(protocol, text->protocol))
                return text->text;
        }
    return NULL;
}

const char *snmp_help(const struct snmp_field *field, const struct snmp_name *name)
{
    struct snmp_text protocol = snmp_name_protocol(field, name);
    const char *text;

    if (name->shape == SNMP_ICMP_TYPE)
        return field->name.data[0] == 'I' ? "ICMP messages received, by type" : "ICMP messages sent, by type";
    /* UDP-Lite shares UDP's code, and its counters have the same meaning. */
    if (snmp_text_is(protocol, "UdpLite"))
        protocol = (struct snmp_text){"Udp", 3};
    text = find(protocol, field->name);
    return text ? text : SNMP_HELP_UNKNOWN;
}
