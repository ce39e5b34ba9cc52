// The timeline of a run's page. Data come as numbers and one table of texts; every text is put on the page as text.
(() => {
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const box = document.getElementById("timeline");
const output = document.getElementById("window");
const tip = document.getElementById("tip");
const cursor = document.getElementById("cursor");
const [first, last] = data.range;
const shortest = 2000;
let view = [first, last];
let evidence = [];
let colours = {};
let isDrawing = false;

// Places on the timeline, as reports write them: 15m45.107s. Times are whole microseconds from play.
function text(time, digits = 3) {
    const sign = time < 0 ? "-" : "";
    const unit = 10 ** (6 - digits);
    const all = Math.round(Math.abs(time) / unit) * unit;
    const hours = Math.floor(all / 3600e6), minutes = Math.floor(all / 60e6) % 60;
    const seconds = (all % 60e6) / 1e6;
    const tail = seconds.toFixed(digits).replace(/\.?0+$/, "");
    if (!hours && !minutes) return `${sign}${tail}s`;
    const padded = seconds < 10 ? "0" + tail : tail;
    return sign + (hours ? `${hours}h${minutes < 10 ? "0" : ""}` : "") + `${minutes}m` + (seconds ? padded + "s" : "");
}

function length(time) {
    if (time >= 1e6) return `${+(time / 1e6).toFixed(3)} s`;
    return time >= 1000 ? `${+(time / 1000).toFixed(3)} ms` : `${time} µs`;
}

// Numbers stand as differences to the one before, which are short.
function sums(differences) {
    const values = new Float64Array(differences.length);
    let sum = 0;
    differences.forEach((step, place) => { values[place] = sum += step; });
    return values;
}

const tones = ["good", "busy", "bad", "idle", "info", "note", "fault"];

function decode(lane) {
    lane.t = sums(lane.t || []);
    if (lane.s) lane.s = sums(lane.s);
    if (lane.kind === "sequence" || lane.kind === "line") {
        const values = lane.s || lane.v;
        let low = Infinity, high = -Infinity;
        values.forEach((value, place) => {
            low = Math.min(low, value);
            high = Math.max(high, value + (lane.n ? lane.n[place] : 0));
        });
        if (lane.kind === "line") low = Math.min(0, low);
        [lane.low, lane.high] = low <= high ? [low, Math.max(high, low + 1)] : [0, 1];
    }
    if (lane.kind === "counts") lane.high = Math.max(1, ...lane.v);
    lane.flags = new Map(lane.flags || []);
}

function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of [...tones, "text", "faint", "line", "shade", "ground", "evidence", "panel"])
        colours[name] = style.getPropertyValue("--" + name).trim();
}

const widthOf = lane => lane.canvas.clientWidth;
const place = (lane, time) => (time - view[0]) / (view[1] - view[0]) * widthOf(lane);

// The first place whose time is not before this one.
function firstFrom(times, time) {
    let low = 0, high = times.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (times[middle] < time) low = middle + 1; else high = middle;
    }
    return low;
}

const painters = {
    axis(lane, pen, width, height) {
        const span = view[1] - view[0];
        const steps = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 15e6, 3e7, 6e7, 12e7, 3e8, 6e8,
            9e8, 18e8, 36e8, 72e8, 216e8, 432e8, 864e8, 1728e8, 6048e8];
        const step = steps.find(step => span / step <= width / 95) || span;
        pen.fillStyle = colours.faint;
        pen.font = "11px system-ui, sans-serif";
        for (let time = Math.ceil(view[0] / step) * step; time <= view[1]; time += step) {
            const x = place(lane, time);
            pen.fillRect(Math.round(x), height - 6, 1, 6);
            const label = text(time);
            pen.fillText(label, Math.min(Math.max(2, x - pen.measureText(label).width / 2), width - 60), height - 9);
        }
    },
    overview(lane, pen, width, height) {
        const at = time => (time - first) / (last - first) * width;
        pen.fillStyle = colours.panel;
        pen.fillRect(0, 0, width, height);
        pen.fillStyle = colours.fault;
        for (const [from, to] of data.faults)
            pen.fillRect(at(from), height / 3, Math.max(2, at(to) - at(from)), height / 3);
        pen.strokeStyle = colours.text;
        pen.lineWidth = 1.5;
        pen.strokeRect(at(view[0]) + 1, 1, Math.max(4, at(view[1]) - at(view[0]) - 2), height - 2);
    },
    spans(lane, pen, width, height) {
        const rows = lane.rows || 1, each = (height - 4) / rows;
        lane.t.forEach((start, number) => {
            const end = start + lane.n[number];
            if (end < view[0] || start > view[1]) return;
            const x = Math.max(-2, place(lane, start)), right = Math.min(width + 2, place(lane, end));
            const y = 2 + (lane.r ? lane.r[number] : 0) * each;
            pen.fillStyle = colours[tones[lane.c[number]]];
            const wide = Math.max(2, right - x - (right - x > 6 ? 1 : 0));
            pen.globalAlpha = .85;
            pen.fillRect(x, y, wide, each - 1);
            pen.globalAlpha = 1;
            const label = data.texts[lane.x[number]];
            if (each >= 12 && wide > 34 && lane.labels) {
                pen.save();
                pen.beginPath();
                pen.rect(x, y, wide - 3, each);
                pen.clip();
                pen.fillStyle = colours.ground;
                pen.font = "600 11px system-ui, sans-serif";
                pen.fillText(label.slice(0, 60), Math.max(x, 0) + 4, y + each / 2 + 3.5);
                pen.restore();
            }
        });
    },
    marks(lane, pen, width, height) {
        for (let number = firstFrom(lane.t, view[0]); number < lane.t.length && lane.t[number] <= view[1]; number++) {
            const x = place(lane, lane.t[number]), tone = lane.c[number];
            pen.fillStyle = colours[tones[tone]];
            if (tone === 2) { pen.fillRect(x - 1.25, 2, 2.5, height - 4); continue; }
            if (tone === 3) { pen.fillRect(x - .5, height * .55, 1, height * .35); continue; }
            pen.beginPath();
            pen.arc(x, height / 2, 3.5, 0, 7);
            pen.fill();
        }
    },
    sequence(lane, pen, width, height) {
        const y = value => height - 4 - (value - lane.low) / (lane.high - lane.low) * (height - 8);
        for (let number = firstFrom(lane.t, view[0]); number < lane.t.length && lane.t[number] <= view[1]; number++) {
            const x = place(lane, lane.t[number]), top = y(lane.s[number] + (lane.n ? lane.n[number] : 0));
            const flag = lane.flags.get(number);
            pen.fillStyle = colours.info;
            pen.fillRect(x - 1.5, top - 1.5, 3, Math.max(3, y(lane.s[number]) - top + 3));
            if (!flag) continue;
            pen.fillStyle = colours[flag[0] ? "bad" : "busy"];
            pen.beginPath();
            if (flag[0]) { pen.fillRect(x - 1.5, 2, 3, height - 4); continue; }
            pen.moveTo(x, top - 6); pen.lineTo(x + 5, top + 3); pen.lineTo(x - 5, top + 3);
            pen.fill();
        }
    },
    line(lane, pen, width, height) {
        const y = value => height - 3 - (value - lane.low) / (lane.high - lane.low) * (height - 8);
        pen.strokeStyle = colours.info;
        pen.lineWidth = 1.5;
        pen.beginPath();
        let from = Math.max(0, firstFrom(lane.t, view[0]) - 1), before = null;
        for (; from < lane.t.length; from++) {
            const x = Math.max(-1, place(lane, lane.t[from]));
            if (before === null) pen.moveTo(x, y(lane.v[from]));
            else { pen.lineTo(x, y(before)); pen.lineTo(x, y(lane.v[from])); }
            before = lane.v[from];
            if (lane.t[from] > view[1]) break;
        }
        if (before !== null && from >= lane.t.length) pen.lineTo(width, y(before));
        pen.stroke();
    },
    counts(lane, pen, width, height) {
        pen.fillStyle = colours[tones[lane.tone]];
        lane.v.forEach((count, number) => {
            if (!count) return;
            const start = lane.start + number * lane.width;
            if (start + lane.width < view[0] || start > view[1]) return;
            const x = place(lane, start), wide = Math.max(1, place(lane, start + lane.width) - x - .5);
            const tall = Math.max(1.5, count / lane.high * (height - 4));
            pen.fillRect(x, height - tall, wide, tall);
        });
    },
};

function draw(lane) {
    const width = widthOf(lane), height = lane.height, ratio = window.devicePixelRatio || 1;
    const canvas = lane.canvas;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (lane.kind !== "overview") {
        for (const [from, to] of data.faults) {
            if (to < view[0] || from > view[1]) continue;
            const x = place(lane, from), wide = Math.max(1.5, place(lane, to) - x);
            pen.fillStyle = colours.shade;
            pen.fillRect(x, 0, wide, height);
        }
    }
    painters[lane.kind](lane, pen, width, height);
    if (lane.kind === "overview") return;
    pen.fillStyle = colours.evidence;
    for (const time of evidence) {
        if (time >= view[0] && time <= view[1]) pen.fillRect(Math.round(place(lane, time)) - .75, 0, 1.5, height);
    }
}

function redraw() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
        isDrawing = false;
        lanes.forEach(draw);
    });
}

function show(from, to) {
    const wide = Math.min(last - first, Math.max(shortest, to - from));
    const middle = (from + to) / 2;
    const start = Math.min(Math.max(first, middle - wide / 2), last - wide);
    view = [Math.round(start), Math.round(start + wide)];
    [box.dataset.from, box.dataset.to] = view;
    output.textContent = `${text(view[0])} to ${text(view[1])}`;
    redraw();
}

function zoom(factor, around = (view[0] + view[1]) / 2) {
    const share = (around - view[0]) / (view[1] - view[0]);
    const wide = Math.min(last - first, Math.max(shortest, (view[1] - view[0]) * factor));
    const start = around - share * wide;
    show(start, start + wide);
}

const pan = share => show(view[0] + share * (view[1] - view[0]), view[1] + share * (view[1] - view[0]));

function timeAt(lane, event) {
    const x = event.clientX - lane.canvas.getBoundingClientRect().left;
    const range = lane.kind === "overview" ? [first, last] : view;
    return range[0] + x / widthOf(lane) * (range[1] - range[0]);
}

// What is under the pointer, nearest first.
function itemAt(lane, time) {
    const near = 6 / widthOf(lane) * (view[1] - view[0]);
    if (lane.kind === "spans") {
        const hits = [];
        lane.t.forEach((start, number) => {
            if (time < start - near / 2 || time > start + lane.n[number] + near / 2) return;
            const end = start + lane.n[number];
            hits.push(`${data.texts[lane.x[number]]}\n  ${text(start)} to ${text(end)}, ${length(lane.n[number])}`);
        });
        return hits.slice(0, 6).join("\n");
    }
    if (lane.kind === "counts") {
        const number = Math.floor((time - lane.start) / lane.width);
        if (!lane.v[number]) return "";
        const start = lane.start + number * lane.width;
        return `${lane.v[number]} ${data.texts[lane.x]}\n  ${text(start)} to ${text(start + lane.width)}`;
    }
    if (lane.kind === "line") {
        const number = firstFrom(lane.t, time + 1) - 1;
        return number < 0 ? "" : `${lane.v[number]} ${data.texts[lane.x]}\n  since ${text(lane.t[number])}`;
    }
    if (!lane.t.length || lane.kind === "axis" || lane.kind === "overview") return "";
    const hits = [];
    for (let n = firstFrom(lane.t, time - near); n < lane.t.length && lane.t[n] <= time + near; n++) hits.push(n);
    hits.sort((a, b) => Math.abs(lane.t[a] - time) - Math.abs(lane.t[b] - time));
    return hits.slice(0, 5).map(number => {
        if (lane.kind === "marks") return `${text(lane.t[number], 6)}  ${data.texts[lane.x[number]]}`;
        const flag = lane.flags.get(number);
        const low = lane.s[number];
        const cell = lane.n ? `${low} to ${low + lane.n[number]} (${lane.m[number]} messages)` : low;
        return `${text(lane.t[number], 6)}  ${cell}` + (flag ? `: ${data.texts[flag[1]]}` : "");
    }).join("\n");
}

function hover(lane, event) {
    const bounds = box.getBoundingClientRect();
    cursor.style.display = "block";
    cursor.style.left = `${event.clientX - bounds.left - box.clientLeft}px`;
    const time = timeAt(lane, event);
    const item = itemAt(lane, time);
    const faults = data.faults.filter(fault => time >= fault[0] && time <= fault[1]).map(fault => data.texts[fault[2]]);
    tip.textContent = [text(time), ...faults, item].filter(Boolean).join("\n");
    tip.style.display = "block";
    const right = event.clientX + 16 + tip.offsetWidth > window.innerWidth;
    tip.style.left = `${right ? Math.max(0, event.clientX - tip.offsetWidth - 12) : event.clientX + 16}px`;
    tip.style.top = `${Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 4)}px`;
}

function leave() {
    cursor.style.display = tip.style.display = "none";
}

let drag = null;
function follow(lane) {
    const canvas = lane.canvas;
    canvas.addEventListener("pointermove", event => {
        hover(lane, event);
        if (!drag) return;
        const wide = drag.view[1] - drag.view[0];
        const range = lane.kind === "overview" ? first - last : wide;
        const by = (drag.x - event.clientX) / widthOf(lane) * range;
        show(drag.view[0] + by, drag.view[1] + by);
    });
    canvas.addEventListener("pointerdown", event => {
        if (lane.kind === "overview") {
            const half = (view[1] - view[0]) / 2, time = timeAt(lane, event);
            show(time - half, time + half);
        }
        drag = { x: event.clientX, view: [...view] };
        canvas.setPointerCapture(event.pointerId);
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { drag = null; });
    canvas.addEventListener("pointerleave", leave);
    canvas.addEventListener("dblclick", event => zoom(.25, timeAt(lane, event)));
    canvas.addEventListener("wheel", event => {
        // A page that is scrolled stays one that is scrolled.
        if (!event.ctrlKey && !event.shiftKey && !event.altKey) return;
        event.preventDefault();
        zoom(1.25 ** Math.sign(event.deltaY || event.deltaX), timeAt(lane, event));
    }, { passive: false });
}

const keys = {
    ArrowLeft: () => pan(-.2), ArrowRight: () => pan(.2), "+": () => zoom(.5), "=": () => zoom(.5), "-": () => zoom(2),
    "0": () => show(first, last), Home: () => pan((first - view[0]) / (view[1] - view[0])),
    End: () => pan((last - view[1]) / (view[1] - view[0])),
};
box.addEventListener("keydown", event => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
});
const tools = {
    in: () => zoom(.5), out: () => zoom(2), left: () => pan(-.5), right: () => pan(.5),
    all: () => { evidence = []; show(first, last); },
};
for (const name in tools) document.getElementById("zoom-" + name).addEventListener("click", tools[name]);

// A finding, or one piece of its evidence: the timeline goes there and marks the moments.
for (const button of document.querySelectorAll("button.go")) {
    button.addEventListener("click", () => {
        const times = button.dataset.at.split(",").map(Number);
        evidence = times;
        const low = Math.min(...times), high = Math.max(...times);
        const margin = Math.max((high - low) * .12, high === low ? Math.min(10e6, (last - first) / 10) : 1e5);
        show(low - margin, high + margin);
        document.getElementById("timeline-title").scrollIntoView({ block: "start" });
        box.focus({ preventScroll: true });
    });
}

const lanes = [];
for (const canvas of box.querySelectorAll("canvas")) {
    const lane = canvas.dataset.lane === undefined ? { kind: canvas.dataset.kind } : data.lanes[canvas.dataset.lane];
    decode(lane);
    lane.canvas = canvas;
    lane.height = +canvas.dataset.height;
    canvas.style.height = lane.height + "px";
    follow(lane);
    lanes.push(lane);
}
readColours();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); redraw(); });
new ResizeObserver(redraw).observe(box);
show(first, last);
document.documentElement.dataset.ready = "yes";
})();
