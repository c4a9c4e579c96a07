/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/privileges.h"

/*
 * Drops capabilities so that nothing can bring them back. Main thread, or the only thread of a child. Leaving
 * the bounding set would do no harm by itself: with no_new_privs, execve(2) grants nothing, not even to root
 * (cap_bprm_creds_from_file(), security/commoncap.c).
 */

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORDS = _LINUX_CAPABILITY_U32S_3 };

static void bounding_limit(uint64_t keep)
{
    /* EINVAL: the kernel has no further capability. EPERM: without CAP_SETPCAP the set stays as it is. */
    for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
        if (i >= 64 || !(keep & UINT64_C(1) << i))
            (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

int privileges_limit(uint64_t keep)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[WORDS];
    uint32_t more = 0;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    bounding_limit(keep);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0,
                0); /* dropping the permitted ones would clear these too */
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t kept = data[i].permitted & (uint32_t)(keep >> 32 * i);

        more |= (data[i].permitted ^ kept) | data[i].inheritable;
        data[i] = (struct __user_cap_data_struct){.permitted = kept, .effective = kept};
    }
    /* A sandbox that left us no capability may also forbid capset(). */
    return more && syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

bool privileges_have(uint64_t wanted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[WORDS];
    uint64_t effective = 0;

    if (syscall(SYS_capget, &header, data) < 0)
        return false;
    for (unsigned i = 0; i < WORDS; i++)
        effective |= (uint64_t)data[i].effective << 32 * i;
    return (effective & wanted) == wanted;
}
