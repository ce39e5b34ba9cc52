import JSONLines
import Judging
import Recordings

extension ReportFormat {
    static let html = ReportFormat(
        name: "html", summary: "One self-contained page of a run, its timeline above all; a matrix page of several.",
        fileName: "report.html", suite: SuitePage.html,
        run: { run throws(NoReport) in Array(RunPage.html(run).utf8) }, parts: [.logs])
}

/// For people: what a run showed, when and how we know, on one page that works from disk. What a reader must see is in
/// its text and tables; the script adds a timeline that can be zoomed, and links findings to it.
package enum RunPage {
    package static func html(_ run: RunMaterial) -> String {
        let builder = LaneBuilder(run.view, findings: run.result.judgement.findings)
        var texts = PageTexts()
        let data = data(run, builder.lanes, &texts)
        let charts = [RecoveryChart.html(run.view), BackoffChart.html(run.view), StormChart.html(run.view)].joined()
        let body = """
            <main>
            \(head(run.result))\(findings(run))\(timeline(builder))\
            \(charts.isEmpty ? "" : "<h2>Coming back</h2>\n<div class=\"charts\">\n\(charts)</div>\n")\
            <h2>Who talked to whom</h2>
            \(HostMap.html(run.view))\(ConnectionTable.html(run.view))\(logs(run.logs))\(files(run))\
            </main>
            <div id="tip" role="presentation"></div>
            """
        let title =
            "\(run.result.judgement.verdict.rawValue.uppercased()) \(run.result.scenario), seed \(run.result.seed)"
        return HTML.page(title: title, body: body, data: data, script: true)
    }

    private static func data(_ run: RunMaterial, _ lanes: [Lane], _ texts: inout PageTexts) -> String {
        let view = run.view
        let first = view.recording.events.first?.time ?? Timestamp(nanoseconds: 0)
        let last = view.recording.events.last?.time ?? first
        let range = (view.microseconds(first), max(view.microseconds(first) + 1, view.microseconds(last)))
        let faults = view.strikes.compactMap { strike -> String? in
            guard let from = strike.applied?.time ?? strike.firstHit?.time else { return nil }
            let to = strike.healed?.time ?? view.stop
            return "[\(view.microseconds(from)),\(view.microseconds(max(from, to))),\(texts.place(strike.name))]"
        }
        let rows = lanes.map { $0.json(&texts) }
        return "{\"range\":[\(range.0),\(range.1)],\"faults\":[\(faults.joined(separator: ","))],"
            + "\"lanes\":[\(rows.joined(separator: ",\n"))],\n\"texts\":\(texts.json.line)}"
    }

    private static func head(_ result: RunResult) -> String {
        let judgement = result.judgement
        var html = "<header>\n<h1>\(HTML.badge(judgement.verdict.rawValue)) \(HTML.text(result.scenario))</h1>\n"
        html += "<p>\(HTML.text(result.summary))</p>\n<dl class=\"facts\">"
        let facts = [
            ("seed", "\(result.seed)"), ("lab", HTML.text(result.lab)),
            ("clients", HTML.text(result.clients.joined(separator: ", "))),
            ("played", Duration.seconds(result.virtualSeconds).timelineText),
            ("took", result.wallSeconds > 0 ? Duration.seconds(result.wallSeconds).lengthText : "unknown"),
            ("recording", "<span class=\"mono\">\(HTML.text(String((result.sha256 ?? "none").prefix(16))))</span>"),
        ]
        for (name, value) in facts { html += HTML.fact(name, value) }
        html += "</dl>\n"
        let told = Set(judgement.findings.map(\.summary))
        for reason in judgement.reasons where !told.contains(reason) { html += "<p>\(HTML.text(reason))</p>\n" }
        for note in result.notes { html += "<p class=\"faint\">\(HTML.text(note))</p>\n" }
        return html + "<p>Again: <code>\(HTML.text(result.command))</code></p>\n</header>\n"
    }

    /// Those that did not pass first, with their evidence; the order within is the scenario's.
    private static func findings(_ run: RunMaterial) -> String {
        let all = run.result.judgement.findings
        guard !all.isEmpty else { return "" }
        let order = Verdict.precedence.flatMap { verdict in all.filter { $0.verdict == verdict } }
        var html = "<h2>Findings</h2>\n<ol class=\"findings\">\n"
        for finding in order {
            html += "<li class=\"\(finding.verdict.rawValue)\"><div class=\"finding-head\">"
            html +=
                "\(HTML.badge(finding.verdict.rawValue))<span class=\"what\">\(HTML.text(finding.expectation))</span>"
            if finding.measured != nil {
                html += "<span>\(HTML.text(finding.measuredText))"
                if finding.bound != nil { html += " <span class=\"faint\">of \(HTML.text(finding.boundText))</span>" }
                html += "</span>"
            }
            let times = finding.evidence.map { microseconds($0.at) }
            if !times.isEmpty { html += go(times, "show in the timeline") }
            html += "</div>\n<p>\(HTML.text(finding.summary))</p>\n"
            html += evidence(finding.evidence, isOpen: finding.verdict != .pass) + "</li>\n"
        }
        return html + "</ol>\n"
    }

    private static func evidence(_ evidence: [Evidence], isOpen: Bool) -> String {
        guard !evidence.isEmpty else { return "" }
        var rows = ""
        for one in evidence {
            let at = one.at.magnitude < 9e9 ? Duration.seconds(one.at).timelineText : "\(one.at) s"
            rows += "<li>\(go([microseconds(one.at)], at))<span>\(HTML.text(one.text)) "
            rows += "<span class=\"faint\">line \(one.line)</span></span></li>\n"
        }
        let list = "<ul class=\"evidence\">\n\(rows)</ul>\n"
        return isOpen ? list : "<details><summary>How we know</summary>\n\(list)</details>\n"
    }

    private static func microseconds(_ seconds: Double) -> Int64 {
        Int64(max(-9e15, min(9e15, (seconds * 1e6).rounded())))
    }

    /// A button that moves the timeline.
    static func go(_ times: [Int64], _ text: String) -> String {
        let list = times.map { "\($0)" }.joined(separator: ",")
        return "<button type=\"button\" class=\"go\" data-at=\"\(list)\">\(text)</button>"
    }

    private static func timeline(_ builder: LaneBuilder) -> String {
        var html = """
            <h2 id="timeline-title">Timeline</h2>
            <div class="tools" role="toolbar" aria-label="Timeline">
            <button type="button" id="zoom-in" aria-label="Zoom in">+</button>
            <button type="button" id="zoom-out" aria-label="Zoom out">&minus;</button>
            <button type="button" id="zoom-left" aria-label="Earlier">&larr;</button>
            <button type="button" id="zoom-right" aria-label="Later">&rarr;</button>
            <button type="button" id="zoom-all">Whole run</button>
            <output id="window" aria-live="polite"></output>
            </div>
            <div class="legend" aria-hidden="true">
            <span style="--tone:var(--good)">works</span><span style="--tone:var(--busy)">tries, came again</span>
            <span style="--tone:var(--bad)">down, error, gap</span><span style="--tone:var(--info)">messages</span>
            <span style="--tone:var(--shade)">a fault is on</span><span style="--tone:var(--evidence)">evidence</span>
            Drag to move, double click or Ctrl and wheel to zoom; keys: arrows, + and &minus;, 0.
            </div>
            <div id="timeline" tabindex="0" role="group" aria-labelledby="timeline-title">
            <div class="head-lanes">
            <div class="lane"><div class="name">whole run</div><canvas data-kind="overview" data-height="16">\
            </canvas></div>
            <div class="lane"><div class="name">time</div><canvas data-kind="axis" data-height="26"></canvas></div>
            </div>

            """
        var group: String?
        for (place, lane) in builder.lanes.enumerated() {
            let isFirst = lane.group != group
            group = lane.group
            html += "<div class=\"lane\(isFirst ? " first" : "")\"><div class=\"name\">"
            html +=
                (isFirst ? "<b>\(HTML.text(lane.group, limit: 80))</b>" : "")
                + "\(HTML.text(lane.name, limit: 80))</div>"
            html += "<canvas data-lane=\"\(place)\" data-height=\"\(lane.height)\" role=\"img\" "
            html += "aria-label=\"\(HTML.text("\(lane.group), \(lane.name): \(lane.told)"))\"></canvas></div>\n"
        }
        html += "<div id=\"cursor\"></div>\n</div>\n"
        if !builder.notes.isEmpty {
            html +=
                "<details class=\"aggregated\"><summary>Summed up: \(builder.notes.count)</summary>\n<ul>\n"
            for note in builder.notes { html += "<li>\(HTML.text(note))</li>\n" }
            html += "</ul></details>\n"
        }
        return html
    }

    /// Lines of each log, and bytes of all.
    private static let (mostLines, mostBytes) = (400, 600_000)

    private static func logs(_ logs: [RunMaterial.ActorLog]) -> String {
        let told = logs.filter { !$0.head.isEmpty }
        guard !told.isEmpty else { return "" }
        var html = "<h2>Logs</h2>\n"
        for log in told {
            let lines = (log.head + log.tail).split(separator: UInt8(ascii: "\n"))
            let left = max(0, lines.count - mostLines)
            // Half of its beginning, half of its end.
            let shown = left > 0 ? Array(lines.prefix(mostLines / 2)) + Array(lines.suffix(mostLines / 2)) : lines
            html += "<details><summary>\(HTML.text(log.name)) <span class=\"faint\">\(lines.count) lines"
            if left > 0 { html += ", \(left) in the middle not shown" }
            if log.omitted > 0 { html += ", \(log.omitted) bytes in the middle not read" }
            html += "</span></summary>\n<pre tabindex=\"0\">"
            var bytes = 0
            for line in shown {
                guard bytes < mostBytes / told.count else {
                    html += "… (the rest is in its file)\n"
                    break
                }
                bytes += min(line.count, HTML.longest)
                html += HTML.text(String(decoding: line.prefix(8 * HTML.longest + 8), as: UTF8.self)) + "\n"
            }
            html += "</pre></details>\n"
        }
        return html
    }

    private static func files(_ run: RunMaterial) -> String {
        guard let path = run.result.recording else { return "" }
        return """
            <h2>See for yourself</h2>
            <pre>\(HTML.text(run.result.command)) --pcap    # the same run to the byte, with its packets
            halfopen judge \(HTML.text(path))    # the verdict again, from the recording alone</pre>

            """
    }
}
