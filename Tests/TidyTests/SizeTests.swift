import Testing

/// What is too large to be read at once is a reason to look.
@Suite struct SizeTests {
    static let longestLine = 120
    static let longestFunction = 70
    static let longestFile = 400
    /// A file of tests is read one test at a time.
    static let longestTestFile = 500

    /// Rows and headings of Markdown cannot be wrapped.
    @Test func `lines are no longer than 120 characters`() {
        let endings = [".swift", ".c", ".h", ".py", ".md", ".yaml", ".modulemap", "Makefile"]
        var breaches: [Breach] = []
        for file in SourceTree.files where endings.contains(where: file.path.hasSuffix) {
            for (number, line) in file.lines.enumerated() where line.count > Self.longestLine {
                if file.path.hasSuffix(".md") && (line.hasPrefix("|") || line.hasPrefix("#")) { continue }
                breaches.append(Breach(file: file, line: number + 1, what: "\(line.count) characters"))
            }
        }
        Breach.none(breaches)
    }

    @Test func `files are no longer than 400 lines`() {
        var breaches: [Breach] = []
        for file in SourceTree.files where [".swift", ".c", ".h", ".py"].contains(where: file.path.hasSuffix) {
            let longest = file.path.hasPrefix("Tests/") ? Self.longestTestFile : Self.longestFile
            let count = file.lines.count - 1
            if count > longest { breaches.append(Breach(file: file, line: longest + 1, what: "\(count) lines")) }
        }
        Breach.none(breaches)
    }

    @Test func `functions are no longer than 70 lines`() {
        var breaches: [Breach] = []
        for file in SourceTree.files where file.path.hasSuffix(".swift") || file.isC {
            for block in Blocks.of(file) where !block.isType && block.lines > Self.longestFunction {
                breaches.append(Breach(file: file, line: block.line, what: "a block of \(block.lines) lines"))
            }
        }
        Breach.none(breaches)
    }

    @Test func `blocks of code are told from types`() {
        let text = """
            package struct A: B {
                var c: Int { 1 }
                class func d() {
                    e.forEach { actor in
                    }
                }
            }
            """
        let blocks = Blocks.of(SourceFile(path: "a.swift", text: text))
        #expect(blocks.map(\.lines) == [7, 1, 4, 2])
        #expect(blocks.map(\.isType) == [true, false, false, false])
    }
}

/// What stands between braces.
struct Blocks {
    struct Block {
        /// Of its opening brace.
        var line: Int
        var lines: Int
        /// The members of a type; everything else is run from top to bottom.
        var isType: Bool
    }

    static func of(_ file: SourceFile) -> [Block] {
        var blocks: [Block] = []
        var open: [Int] = []
        var line = 1
        let code = file.code.utf8
        /// Where the text before the next brace begins.
        var start = code.startIndex
        for place in code.indices {
            switch code[place] {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: "{"):
                open.append(blocks.count)
                blocks.append(Block(line: line, lines: 0, isType: isType(file.code[start..<place])))
                start = code.index(after: place)
            case UInt8(ascii: "}"):
                start = code.index(after: place)
                guard let index = open.popLast() else { continue }
                blocks[index].lines = line - blocks[index].line + 1
            default: break
            }
        }
        return blocks
    }

    /// Whether the last declaration before a brace is that of a type.
    private static func isType(_ header: Substring) -> Bool {
        for line in header.split(separator: "\n").reversed() {
            // Attributes and modifiers; `class func` is a function.
            for word in line.split(whereSeparator: { !$0.isLetter }) {
                if ["func", "init", "deinit", "subscript", "var", "let", "in"].contains(word) { return false }
                if word == "class" && line.contains("class func") { return false }
                if ["struct", "class", "enum", "extension", "protocol", "actor", "union"].contains(word) {
                    return true
                }
            }
        }
        return false
    }
}
