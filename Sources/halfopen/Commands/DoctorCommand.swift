import Running

extension Command {
    static let doctor = Command(
        name: "doctor", operands: "", summary: "Says what this machine can and cannot do, and what to install.",
        details: """
            Each line is one thing that some run may need. Nothing is changed.

              halfopen doctor
            """
    ) { _ in
        let checks = try Doctor.examine()
        let width = checks.map(\.name.count).max() ?? 0
        for check in checks {
            let padding = String(repeating: " ", count: width - check.name.count)
            Output.print("\(check.isFine ? "yes" : "no ")  \(check.name)\(padding)  \(check.text)")
        }
        return checks.contains { $0.isNeeded && !$0.isFine } ? .unavailable : .pass
    }
}
