import Kernel
import Running

extension Command {
    static let initialise = Command(
        name: "init", operands: "[FOLDER]", summary: "Writes a first scenario and a driver to start from.",
        details: """
            FOLDER (default: my-client) must not exist yet. What it writes runs as it is; then put your own client in.

              halfopen init my-client
              halfopen run my-client
            """
    ) { arguments in
        guard arguments.operands.count <= 1 else { throw UsageError("halfopen init takes one folder") }
        let folder = arguments.operands.first ?? "my-client"
        guard !Files.exists(folder) else {
            throw UsageError("\(folder) exists already; halfopen init writes into a new folder only")
        }
        try FirstScenario.write(to: folder)
        Output.print(
            """
            wrote \(folder)/scenario.yaml        a phone behind a home router, and a network that goes silent
            wrote \(folder)/subscriber.py        a driver: replace what is in it by your client
            wrote \(folder)/halfopen_driver.py   says what happens in the words of the driver protocol

            next: halfopen run \(folder)
            """)
        return .pass
    }
}
