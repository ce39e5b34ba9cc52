/// Something wrong in a scenario, where it stands and what to do about it.
package struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1; 0 when the problem is the file itself.
    package var line: Int
    package var column: Int
    /// What is wrong and what to do, in a sentence.
    package var message: String

    package init(file: String, line: Int = 0, column: Int = 0, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    package var description: String { line == 0 ? "\(file): \(message)" : "\(file):\(line):\(column): \(message)" }
}

/// All problems of a scenario at once, in the order of the file.
package struct Problems: Error, Sendable {
    package var all: [Problem]
    package init(_ all: [Problem]) { self.all = all }
}

/// A file as it was read.
package struct SourceFile: Equatable, Sendable {
    /// Relative to the folder of the scenario's own file.
    package var path: String
    package var text: String
    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }
}

/// A scenario and the files it came from, its own first.
package struct LoadedScenario: Sendable {
    package var scenario: Scenario
    package var sources: [SourceFile]
    /// Values that were chosen for its matrix; `sources` keeps them too.
    package var choices: MatrixChoices
    package init(scenario: Scenario, sources: [SourceFile], choices: MatrixChoices = MatrixChoices()) {
        self.scenario = scenario
        self.sources = sources
        self.choices = choices
    }
}
