import Foundation
import Testing

/// A program in C.
enum Program {
    /// What it says in a lab.
    static func played(_ source: String) throws -> Halfopen.Outcome {
        let scratch = try Scratch()
        try Data(source.utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/program.c"))
        let compiled = try Halfopen.launch(
            ["/usr/bin/gcc", "-O1", "-pthread", "-o", "\(scratch.path)/program", "\(scratch.path)/program.c"])
        try #require(compiled.status == 0, "\(compiled.all)")
        return try Halfopen.run(["kernel", "exec", "--writable", scratch.path, "--", "\(scratch.path)/program"])
    }
}
