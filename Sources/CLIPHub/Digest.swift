internal import CCrypto

/// Computes SHA-256 or SHA-1 over bytes as they come.
package final class Digest {
    private let state: OpaquePointer

    package enum Kind: Sendable {
        case sha256
        case sha1
    }

    /// - Throws: `transportUnavailable` if the system's library lacks the function.
    package init(_ kind: Kind) throws(HubError) {
        guard let state = kind == .sha256 ? clip_digest_new_sha256() : clip_digest_new_sha1() else {
            throw .transportUnavailable
        }
        self.state = state
    }

    deinit { clip_digest_free(state) }

    package func add(_ bytes: UnsafeRawBufferPointer) {
        _ = clip_digest_add(state, bytes.baseAddress, bytes.count)
    }

    package func add(_ text: String) {
        Array(text.utf8).withUnsafeBytes(add)
    }

    /// The result in hexadecimal digits; the digest cannot be used afterwards.
    package func finish() -> String {
        var result = [UInt8](repeating: 0, count: 32)
        let count = clip_digest_finish(state, &result)
        return result.prefix(count).map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count < 2 ? "0" + digits : digits
        }.joined()
    }
}

/// What a file's tag tells about its bytes.
enum BlobIdentity: Equatable, Sendable {
    /// The tag is the SHA-256 of the bytes, as for large files.
    case sha256
    /// The tag is git's SHA-1 of a blob, as for small files.
    case gitSHA1
    /// The tag is a mirror's own and tells nothing.
    case opaque

    init(tag: String) {
        let isHexadecimal = tag.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        switch tag.utf8.count {
        case 64 where isHexadecimal: self = .sha256
        case 40 where isHexadecimal: self = .gitSHA1
        default: self = .opaque
        }
    }

    /// The digest that equals the tag if a file of `size` bytes is right; nil if the tag is not a digest.
    func digest(size: Int) throws(HubError) -> Digest? {
        switch self {
        case .sha256: return try Digest(.sha256)
        case .gitSHA1:
            let digest = try Digest(.sha1)
            digest.add("blob \(size)\0")
            return digest
        case .opaque: return nil
        }
    }
}
