import JSONLines
import Recordings
import Scenarios

/// What the host half hands to the guest half: a file in the run folder.
package struct RunRequest: Equatable, Sendable {
    package static let fileName = "request.json"

    /// The scenario's name: a file with a matrix holds several.
    package var scenario: String
    package var sources: [SourceFile]
    package var seed: UInt64
    /// `virtual` or `host`.
    package var lab: String
    /// The scenario's folder, where actors start.
    package var folder: String
    package var wantsPcap: Bool

    package init(
        scenario: String, sources: [SourceFile], seed: UInt64, lab: String, folder: String,
        wantsPcap: Bool
    ) {
        self.scenario = scenario
        self.sources = sources
        self.seed = seed
        self.lab = lab
        self.folder = folder
        self.wantsPcap = wantsPcap
    }

    package var json: JSON {
        [
            // As text: a seed may use all 64 bits.
            "scenario": .string(scenario), "seed": .string(String(seed)), "lab": .string(lab),
            "folder": .string(folder),
            "pcap": .bool(wantsPcap),
            "sources": .array(sources.map { ["path": .string($0.path), "text": .string($0.text)] }),
        ]
    }

    /// Nil when it is not what `json` makes.
    package init?(_ json: JSON) {
        guard let scenario = json["scenario"]?.string, let seed = json["seed"]?.string.flatMap(UInt64.init),
            let lab = json["lab"]?.string,
            let folder = json["folder"]?.string, let pcap = json["pcap"]?.bool,
            let sources = json["sources"]?.array
        else { return nil }
        let files = sources.compactMap { source -> SourceFile? in
            guard let path = source["path"]?.string, let text = source["text"]?.string else { return nil }
            return SourceFile(path: path, text: text)
        }
        self.init(
            scenario: scenario, sources: files, seed: seed, lab: lab, folder: folder, wantsPcap: pcap)
    }
}
