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

    async function refresh() {
        const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(5000) });
        if (!answer.ok)
            throw new Error(answer.statusText);
        const next = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
            const other = next.getElementById(part.id);
            if (other && !held(part) && other.innerHTML !== part.innerHTML)
                part.replaceChildren(...other.childNodes);
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
