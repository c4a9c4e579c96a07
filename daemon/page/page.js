// SPDX-License-Identifier: GPL-2.0-or-later
"use strict";
(() => {
    const note = document.getElementById("note");
    const pause = 800;
    let failures = 0;

    // What somebody is about to copy stays as it is.
    function held(part) {
        const selection = getSelection();
        return !selection.isCollapsed && selection.containsNode(part, true);
    }

    // Who is at a link stays at it, where it is still there.
    function replace(part, children) {
        const link = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
        part.replaceChildren(...children);
        if (link)
            part.querySelector(`[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
    }

    async function refresh() {
        // Neither location.href nor a path alone: what they stand for may hold a user's name, which fetch() refuses.
        const here = location.origin + location.pathname + location.search;
        const answer = await fetch(here, { cache: "no-store", signal: AbortSignal.timeout(5000) });
        if (!answer.ok)
            throw new Error(answer.statusText);
        const next = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
            const other = next.getElementById(part.id);
            if (other && !held(part) && other.innerHTML !== part.innerHTML)
                replace(part, other.childNodes);
        }
    }

    async function turn() {
        const begin = performance.now();
        if (!document.hidden)
            failures = await refresh().then(() => 0, () => failures + 1);
        note.hidden = failures < 3;
        // All of thousands of interfaces: a quarter of the time, at most.
        setTimeout(turn, Math.max(pause, 3 * (performance.now() - begin)));
    }

    setTimeout(turn, pause);
})();
