import CLinux
import Kernel

/// A scenario to start from, with the driver of its client: the files of scenarios/first, which the binary carries.
package enum FirstScenario {
    /// Names and texts of the files.
    package static var files: [(name: String, text: String)] {
        var files: [(name: String, text: String)] = []
        var next = halfopen_first_scenario_files()
        while let entry = next?.pointee, let name = entry.name, let text = entry.text {
            files.append((String(cString: name), String(cString: text)))
            next = next?.advanced(by: 1)
        }
        return files
    }

    /// Makes the folder, which must not be there yet, and the files in it; all of it or nothing.
    package static func write(to folder: String) throws(SystemError) {
        try Files.makeFolder(folder)
        do throws(SystemError) {
            for file in files { try Files.write("\(folder)/\(file.name)", file.text) }
        } catch {
            Files.remove(folder)
            throw error
        }
    }
}
