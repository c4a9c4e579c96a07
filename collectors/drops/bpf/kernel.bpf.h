/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The parts of the kernel that the BPF program reads. The structs name only used members; where the running
 * kernel has them is found out at load time (CO-RE). Any pointer may be stale or not a pointer: skb->dev
 * shares its place with dev_scratch (UDP) and with rb_left (TCP's out-of-order queue), skb->sk with
 * ip_defrag_offset. A faulting read yields 0, and a readable wrong pointer shows by the inode number of its
 * namespace.
 */

#include <linux/types.h>

#define PRESERVED __attribute__((preserve_access_index))

/* Inode numbers of namespaces are at least 0xF0000000 (PROC_DYNAMIC_FIRST of fs/proc/generic.c); the initial
 * ones of Linux 6.18 are just below (enum init_ns_ino). */
#define NETNS_INODE_MIN 0xEFFFFFF0

struct ns_common {
    unsigned int inum;
} PRESERVED;

struct net {
    struct ns_common ns;
    __u64 net_cookie;
} PRESERVED;

typedef struct {
    struct net *net;
} PRESERVED possible_net_t;

struct Qdisc {
    unsigned int flags;
} PRESERVED;

struct netdev_queue {
    struct Qdisc *qdisc;
} PRESERVED;

struct net_device {
    char name[16];
    int ifindex;
    unsigned short type;
    unsigned long state;
    possible_net_t nd_net;
    struct netdev_queue *_tx; /* the first of an array */
} PRESERVED;

struct kernfs_node {
    __u64 id;
    const char *name;
    struct kernfs_node *parent;
} PRESERVED;

/* Since Linux 6.15. */
struct kernfs_node___renamed {
    struct kernfs_node *__parent;
} PRESERVED;

struct cgroup {
    struct kernfs_node *kn;
} PRESERVED;

struct css_set {
    struct cgroup *dfl_cgrp;
} PRESERVED;

struct nsproxy {
    struct net *net_ns;
} PRESERVED;

struct task_struct {
    int pid;
    int tgid;
    struct nsproxy *nsproxy;
    struct css_set *cgroups;
} PRESERVED;

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
} PRESERVED;

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
} PRESERVED;

struct sock_cgroup_data {
    struct cgroup *cgroup;
} PRESERVED;

struct sock_common {
    possible_net_t skc_net;
    volatile unsigned char skc_state;
} PRESERVED;

struct sock {
    struct sock_common __sk_common;
    struct sock_cgroup_data sk_cgrp_data;
} PRESERVED;

struct skb_shared_info {
    unsigned short gso_size;
    unsigned short gso_segs;
} PRESERVED;

struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
    int skb_iif;
    __u8 pkt_type : 3;
    __be16 protocol;
    __be16 vlan_proto; /* of the tag that was taken out of the packet, or is not put into it yet */
    __u16 vlan_tci;
    unsigned int len;
    __u16 network_header; /* behind head, as are those below: pointers on machines of 32 bits, for which */
    __u16 mac_header;     /* this is not built */
    unsigned int tail;
    unsigned int end;
    unsigned char *head;
    unsigned char *data;
} PRESERVED;

/* Until Linux 6.1. Later kernels set vlan_proto to 0 if there is no tag. */
struct sk_buff___flagged {
    __u8 vlan_present : 1;
} PRESERVED;

/* Their numbers are the running kernel's. */
enum skb_drop_reason { SKB_DROP_REASON_NOT_SPECIFIED = 1, SKB_DROP_REASON_QDISC_DROP = 2 };

enum {
    LINK_STATE_NOCARRIER = 2, /* enum netdev_state_t */
    QDISC_BUILTIN = 1,        /* TCQ_F_BUILTIN of include/net/sch_generic.h: noop_qdisc */
    IPV6_SOURCE = 8,          /* where it begins in the header */
    STATE_TIME_WAIT = 6, /* TCP_TIME_WAIT, TCP_NEW_SYN_RECV of include/net/tcp_states.h: no whole sockets */
    STATE_NEW_SYN_RECV = 12,
};
