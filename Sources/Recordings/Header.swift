/// The first line of a recording: what was played, so that it can be judged from this file alone.
package struct Header: Equatable, Sendable {
    /// Version of the recording format.
    package static let format = 1

    /// A file of the scenario as it was when the run began; `path` is relative to the scenario's folder.
    package struct Source: Equatable, Sendable {
        package var path: String
        package var text: String
        package init(path: String, text: String) {
            self.path = path
            self.text = text
        }
    }

    package var scenario: String
    package var seed: UInt64
    /// `virtual` or `host`.
    package var lab: String
    /// Which kernel ran the lab, as uname(2) names its release.
    package var kernel: String
    /// Stated uncertainty of kernel-made stamps, nanoseconds.
    package var uncertainty: Int64
    /// The scenario's own file first, then those it names.
    package var sources: [Source]

    package init(
        scenario: String, seed: UInt64, lab: String, kernel: String, uncertainty: Int64, sources: [Source]
    ) {
        self.scenario = scenario
        self.seed = seed
        self.lab = lab
        self.kernel = kernel
        self.uncertainty = uncertainty
        self.sources = sources
    }
}

/// A recording in memory: what judges and reports work from.
package struct Recording: Sendable {
    package var header: Header
    /// In time order.
    package var events: [Event]
    /// Why the file could not be read to its end (a crash cut it off); nil when it ends with an `end` event.
    package var damage: String?

    package init(header: Header, events: [Event], damage: String? = nil) {
        self.header = header
        self.events = events
        self.damage = damage
    }

    package var end: End? {
        if case .end(let end) = events.last?.body { end } else { nil }
    }
}
