"use strict";
(() => {
    const note = document.getElementById("note");
    let failures = 0;

    async function refresh() {
        const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(5000) });
        if (!answer.ok)
            throw new Error(answer.statusText);
        const next = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
            const other = next.getElementById(part.id);
            if (other && other.innerHTML !== part.innerHTML)
                part.replaceChildren(...other.childNodes);
        }
    }

    async function turn() {
        if (!document.hidden)
            failures = await refresh().then(() => 0, () => failures + 1);
        note.hidden = failures < 3;
        setTimeout(turn, 800);
    }

    setTimeout(turn, 800);
})();
