import Scenarios

/// The page that `explain` shows, made from the definitions that the checker reads.
enum Explanation {
    static func of(_ name: String, in catalog: Catalog) -> String? {
        // A fault and what is owed after it may have one name.
        let faults = catalog.faults.filter { $0.name == name }.map(page)
        let expectations = catalog.expectations.filter { $0.name == name }.map(page)
        let pages = faults + expectations
        if !pages.isEmpty { return pages.joined(separator: "\n\n") }
        if let profile = catalog.profiles.first(where: { $0.name == name }) { return page(profile) }
        if let preset = NATPreset.named(name) { return page(preset) }
        return nil
    }

    private static func page(_ fault: FaultDefinition) -> String {
        let target =
            switch fault.target {
            case .link where !fault.isDirected: "a link: between: [HOST, HOST] or link: NAME"
            case .link: "a link: between: [HOST, HOST] or link: NAME, and direction: both or HOST -> HOST"
            case .router: "a NAT router: on: HOST"
            case .host: "a host: on: HOST"
            case .actor: "an actor: of: ACTOR"
            case .actors: "actors: of: [ACTOR, ACTOR...]"
            case .connections: "TCP connections: of: ACTOR, and optionally with: ACTOR or HOST, port: PORT"
            case .name: "a name: name: ACTOR or HOST"
            case .groups: "hosts: groups: [[HOST, HOST...], [HOST...]...]"
            case .lab: "the whole lab: nothing to name"
            }
        let extent =
            switch fault.extent {
            case .moment: "a moment: at"
            case .interval: "an interval: at and until"
            }
        let labs =
            switch fault.labs {
            case .both: "virtual and host"
            case .hostNeeds(let what): "virtual; host where its kernel has \(what)"
            case .virtualOnly(let reason): "virtual only: \(reason)"
            }
        return """
            \(fault.name) (fault)

            \(fault.summary)

            target       \(target)
            extent       \(extent)
            labs         \(wrapped(labs, indent: 13))
            on the wire  \(wrapped(fault.wire, indent: 13))
            heals        \(wrapped(fault.heals, indent: 13))
            a hit is     \(wrapped(fault.hit, indent: 13))
            mechanism    \(wrapped(fault.mechanism, indent: 13))
            \(parameters(fault.parameters))
            example

              timeline:
                \(fault.example)
            """
    }

    private static func page(_ expectation: ExpectationDefinition) -> String {
        let subject =
            switch expectation.subject {
            case .client: "a client: \(expectation.name): ACTOR"
            case .actor: "an actor: \(expectation.name): ACTOR"
            case .flow: "a flow: \(expectation.name): SENDER -> RECEIVER"
            case .statement: "a statement: \(expectation.name): STATEMENT"
            }
        return """
            \(expectation.name) (expectation)

            \(expectation.summary)

            subject      \(subject)

            \(wrapped(expectation.details, indent: 0))
            \(parameters(expectation.parameters))
            example

              expect:
                - \(expectation.example)
            """
    }

    private static func page(_ profile: LinkProfile) -> String {
        let impairment = profile.impairment
        let rate = impairment.rate.map(Units.text(rate:)) ?? "no limit"
        let back = profile.back == impairment ? "" : "\nback    \(profile.back.inWords)"
        return """
            \(profile.name) (link profile)

            \(wrapped(profile.summary, indent: 0))

            delay   \(Units.text(impairment.delay)) one way
            jitter  \(Units.text(impairment.jitter))
            loss    \(Units.text(fraction: impairment.loss))
            rate    \(rate)
            limit   \(impairment.limit) packets\(back)

            example

              links:
                - { between: [phone, home], profile: \(profile.name) }
            """
    }

    private static func page(_ preset: NATPreset) -> String {
        """
        \(preset.name) (NAT preset)

        \(wrapped(preset.summary, indent: 0))

        idle-timeout  \(Units.text(preset.idleTimeout))
        on-expiry     \(preset.onExpiry.rawValue)

        example

          hosts:
            home: { nat: { preset: \(preset.name) } }
        """
    }

    private static func parameters(_ parameters: [Parameter]) -> String {
        guard !parameters.isEmpty else { return "" }
        let lines = parameters.map { parameter in
            let need =
                parameter.isRequired ? " (required)" : parameter.fallback.map { " (default \($0.inFile))" } ?? ""
            return
                "  \(parameter.name): \(range(parameter.kind))\(need)\n      \(wrapped(parameter.summary, indent: 6))"
        }
        return "\nparameters\n\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func range(_ kind: Parameter.Kind) -> String {
        switch kind {
        case .duration(let range): "\(Units.text(range.lowerBound)) to \(Units.text(range.upperBound))"
        case .rate(let range): "\(Units.text(rate: range.lowerBound)) to \(Units.text(rate: range.upperBound))"
        case .fraction(let range):
            "\(Units.text(fraction: range.lowerBound)) to \(Units.text(fraction: range.upperBound))"
        case .count(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .size(let range): "\(Units.sizeText(range.lowerBound)) to \(Units.sizeText(range.upperBound))"
        case .number(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .choice(let choices): choices.joined(separator: " or ")
        case .text: "text"
        case .texts: "[text, ...]"
        case .place: "an actor or a host"
        case .fault: "the kind of a fault in the timeline"
        case .steps(let parameters): "[{ \(parameters.map(\.name).joined(separator: ", ")) }]"
        case .trace: "a file, relative to the scenario's folder"
        case .durations(let names): "{ \(names.joined(separator: ", ")) }, each a duration"
        }
    }

    /// Lines of at most 100 characters; those after the first are indented.
    private static func wrapped(_ text: String, indent: Int) -> String {
        let paragraphs = text.split(separator: "\n", omittingEmptySubsequences: false).map { paragraph in
            var lines: [String] = [""]
            for word in paragraph.split(separator: " ") {
                if lines[lines.count - 1].count + word.count + 1 + indent > 100 { lines.append("") }
                lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
            }
            return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
        }
        return paragraphs.joined(separator: "\n" + String(repeating: " ", count: indent))
    }
}
