import COpenSSL

/// SHA-256 over bytes that come in pieces, by OpenSSL's libcrypto, which uses what the processor has for it: a long
/// recording is digested in a tenth of the time that plain C takes.
package struct Digest: ~Copyable {
    private let state: UnsafeMutableRawPointer

    package init() { state = halfopen_sha256_begin() }

    deinit { halfopen_sha256_end(state, nil) }

    package mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { add($0) }
    }

    package mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
        halfopen_sha256_add(state, bytes.baseAddress, bytes.count)
    }

    /// In lower-case hexadecimal.
    package consuming func text() -> String {
        var result = [UInt8](repeating: 0, count: 32)
        halfopen_sha256_end(state, &result)
        discard self
        return result.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    package static func sha256(_ bytes: [UInt8]) -> String {
        var digest = Digest()
        digest.add(bytes)
        return digest.text()
    }
}
