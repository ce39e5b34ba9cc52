import Kernel

/// What `halfopen init` writes: a scenario and a driver that run as they are, to change into one's own.
package enum FirstScenario {
    /// Makes the folder and writes the files of scenarios/first into it.
    package static func write(to folder: String) throws(SystemError) {
        try Files.makeFolder(folder)
        for file in files { try Files.write("\(folder)/\(file.name)", file.text) }
    }
}
