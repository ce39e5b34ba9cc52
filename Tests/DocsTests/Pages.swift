import Foundation

/// README.md and the pages of docs, with what stands between their fences.
struct Page {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static let all: [Page] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "/docs").sorted()) ?? []
        return (["README.md"] + names.filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }).map(Page.init)
    }()

    static let readme = Page("README.md")

    /// From the root of the checkout.
    let path: String
    let text: String

    init(_ path: String) {
        self.path = path
        text = (try? String(contentsOfFile: Page.root + "/" + path, encoding: .utf8)) ?? ""
    }

    struct Block {
        /// Of its first line, from 1.
        var line: Int
        var language: String
        var text: String
    }

    var blocks: [Block] {
        var blocks: [Block] = []
        var open: Block?
        for (number, line) in text.components(separatedBy: "\n").enumerated() {
            guard line.hasPrefix("```") else {
                open?.text += line + "\n"
                continue
            }
            if let block = open {
                blocks.append(block)
                open = nil
            } else {
                open = Block(line: number + 2, language: String(line.dropFirst(3)), text: "")
            }
        }
        return blocks
    }

    /// Whole scenarios; a page may show parts of one, too.
    var scenarios: [Block] { blocks.filter { $0.language == "yaml" && $0.text.hasPrefix("format:") } }

    /// Command lines of ours, each with its words; comments left out.
    var commands: [(line: Int, words: [String])] {
        blocks.filter { $0.language == "sh" }.flatMap { block in
            block.text.components(separatedBy: "\n").enumerated().compactMap { number, line in
                let words = line.split(separator: " ").prefix { !$0.hasPrefix("#") && $0 != ">" && $0 != "|" }
                return words.first == "halfopen" ? (block.line + number, words.dropFirst().map(String.init)) : nil
            }
        }
    }
}
