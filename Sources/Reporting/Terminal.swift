import Judging

/// Text for terminals and logs: what strangers wrote made harmless, colours only on request, columns in line.
package enum Terminal {
    /// Widest line of a report, characters.
    package static let width = 110

    package enum Style: String {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case magenta = "35"
    }

    /// `text` in one style, or as it is.
    package static func styled(_ text: String, _ style: Style, color: Bool) -> String {
        color ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// One line in which nothing steers a terminal: scenario names, driver errors and server texts come from strangers.
    /// Control characters and those that turn the direction of writing are shown by their number.
    package static func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var clean = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\r", "\t": clean.append(" ")
            case _ where isHarmful(scalar): clean += "\\u{\(String(scalar.value, radix: 16))}"
            default: clean.unicodeScalars.append(scalar)
            }
        }
        return clean
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// Lines of at most `width` characters, broken at spaces; a longer word is broken where it must be.
    package static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var length = 0
        for word in text.split(separator: " ").flatMap({ pieces($0, width: width) }) {
            let count = word.count
            if length > 0, length + 1 + count > width {
                lines.append(line)
                line = ""
                length = 0
            }
            line += (length == 0 ? "" : " ") + word
            length += count + (length == 0 ? 0 : 1)
        }
        return length > 0 ? lines + [line] : lines
    }

    private static func pieces(_ word: Substring, width: Int) -> [Substring] {
        var pieces: [Substring] = []
        var rest = word
        while rest.count > width {
            pieces.append(rest.prefix(width))
            rest = rest.dropFirst(width)
        }
        return pieces + [rest]
    }

    /// Cleaned and wrapped, each line behind `indent`, those after the first behind so many spaces.
    static func paragraph(_ text: String, indent: String) -> String {
        let hanging = String(repeating: " ", count: indent.count)
        return wrapped(clean(text), width: width - indent.count).enumerated()
            .map { ($0.offset == 0 ? indent : hanging) + $0.element + "\n" }.joined()
    }

    package static func padded(_ text: String, to width: Int, left: Bool = true) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? text + space : space + text
    }

    /// At most `width` characters, with an ellipsis where something is missing.
    package static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }
}

extension Verdict {
    package var style: Terminal.Style {
        switch self {
        case .pass: .green
        case .fail: .red
        case .void: .yellow
        case .unsupported: .magenta
        case .error: .red
        }
    }

    /// Worst first: which one stands for many.
    static let precedence: [Verdict] = [.error, .fail, .void, .unsupported, .pass]

    static func worst(_ verdicts: [Verdict]) -> Verdict? { precedence.first { verdicts.contains($0) } }
}
