import CPage
import Judging
import Recordings

/// Text and frames of HTML pages: one file that asks the network for nothing, whatever is in it.
enum HTML {
    /// Longer texts of strangers are cut, and say so.
    static let longest = 2000

    /// As text, in content and in quoted attributes. Control characters and those that turn the direction of writing
    /// are shown by their number.
    static func text(_ text: String, limit: Int = longest) -> String {
        var html = ""
        var count = 0
        let clean = Terminal.clean(text.utf8.count > 8 * limit ? String(text.prefix(limit + 1)) : text)
        for scalar in clean.unicodeScalars {
            count += 1
            if count > limit {
                html += "… (cut: \(text.utf8.count) bytes)"
                break
            }
            switch scalar {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            default: html.unicodeScalars.append(scalar)
            }
        }
        return html
    }

    /// A whole page. `script` and `data` are empty for one that only shows.
    static func page(title: String, body: String, data: String = "", script: Bool = false) -> String {
        var html = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            script-src 'unsafe-inline'; img-src data:">
            <link rel="icon" href="data:,">
            <title>\(text(title))</title>
            <style>
            \(String(cString: halfopen_page_style()))</style>
            </head>
            <body>
            \(body)

            """
        if script {
            // No text of the data can end the element that holds it.
            html += "<script type=\"application/json\" id=\"data\">"
            html += String(decoding: inScript(data), as: UTF8.self)
            html += "</script>\n<script>\n\(String(cString: halfopen_page_script()))</script>\n"
        }
        return html + "</body>\n</html>\n"
    }

    private static func inScript(_ json: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.utf8.count)
        for byte in json.utf8 {
            if byte == UInt8(ascii: "<") { bytes += Array("\\u003c".utf8) } else { bytes.append(byte) }
        }
        return bytes
    }

    static func badge(_ verdict: String) -> String { "<span class=\"badge \(verdict)\">\(verdict.uppercased())</span>" }

    /// `<div><dt>seed</dt><dd>7</dd></div>`; the value is HTML.
    static func fact(_ name: String, _ value: String) -> String { "<div><dt>\(name)</dt><dd>\(value)</dd></div>" }
}

extension RunView {
    /// Whole microseconds from `play`.
    func microseconds(_ time: Timestamp) -> Int64 { (time - (play ?? Timestamp(nanoseconds: 0))).microseconds }
}

extension Duration {
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
