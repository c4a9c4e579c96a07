/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/host_network.h"

/*
 * Finds out whether this process runs in the host's own network namespace. Any thread; it does not change
 * while the process runs.
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/decimal.h"

/* NET_NS_INIT_INO of uapi/linux/nsfs.h. Kernels before it was fixed gave namespaces inodes above it. */
#define HOST_INODE UINT64_C(0xeffffff9)

/*
 * No single sign works on all kernels. Since 6.18 (or shortly before) the inode is fixed; there, namespaces
 * of every kind share the cookies, and the host's may be any. Before, only network namespaces had cookies
 * (net/core/net_namespace.c, setup_net()), and the host's was the first, 1. Before 5.14 there are no cookies.
 * Then one sign is left: only the host's namespace has the settings that belong to no namespace
 * (net/core/sysctl_net_core.c).
 */
enum host_network host_network_judge(const struct host_network_signs *signs)
{
    if (signs->inode == HOST_INODE || signs->cookie == 1 || signs->has_global)
        return HOST_NETWORK_YES;
    if (signs->has_namespaced || (signs->inode && signs->cookie))
        return HOST_NETWORK_NO;
    return HOST_NETWORK_UNKNOWN;
}

static uint64_t read_cookie(void)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);

    if (fd < 0)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0)
        cookie = 0;
    close(fd);
    return cookie;
}

static uint64_t read_inode(void)
{
    static const char prefix[] = "net:[";
    char text[64] = "";
    const char *number = text + strlen(prefix);
    uint64_t inode = 0;

    if (readlink("/proc/self/ns/net", text, sizeof(text) - 1) < 0 ||
        strncmp(text, prefix, strlen(prefix)) != 0)
        return 0;
    return decimal_uint64(&number, text + sizeof(text), &inode) ? inode : 0;
}

enum host_network host_network_find(void)
{
    const struct host_network_signs signs = {
        .cookie = read_cookie(),
        .inode = read_inode(),
        .has_namespaced = access("/proc/sys/net/core/somaxconn", F_OK) == 0,
        .has_global = access("/proc/sys/net/core/netdev_max_backlog", F_OK) == 0,
    };

    return host_network_judge(&signs);
}
