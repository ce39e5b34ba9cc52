import Glibc

/// The kernel refused a netlink request: what was attempted, on what, its code and its own words when it gave any.
package struct NetlinkError: Error, Equatable, CustomStringConvertible {
    /// In words: "add the route to 10.77.1.2 in".
    package var attempt: String
    /// The object: `host phone`.
    package var subject: String
    /// errno, verbatim.
    package var code: Int32
    /// The kernel's extended acknowledgement or libnl's text; may be empty.
    package var detail: String

    package init(_ attempt: String, _ subject: String, code: Int32, detail: String = "") {
        self.attempt = attempt
        self.subject = subject
        self.code = code
        self.detail = detail
    }

    package var description: String {
        let words = detail.isEmpty ? "" : " (\(detail))"
        return "cannot \(attempt) \(subject): \(String(cString: strerror(code)))\(words)"
    }
}
