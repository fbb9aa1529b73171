/// A hash of an image's bytes that nobody can forge without knowing this process's key.
///
/// The hash is SipHash-2-4 with 128 bits, made by its authors for input that an attacker chooses, so no client can make
/// an image that is taken for another's. The key is drawn when the process starts. One core hashes about a gigabyte a
/// second.
/// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", and their reference code with `outlen` 16.
package struct ContentHash: Hashable, Sendable {
    /// The key, which differs from process to process.
    package struct Key: Sendable {
        let low: UInt64
        let high: UInt64

        package init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }

        /// A random key.
        static func random() -> Key {
            var generator = SystemRandomNumberGenerator()
            return Key(low: generator.next(), high: generator.next())
        }
    }

    /// A hash of nothing, for when images are not hashed.
    static let none = ContentHash(low: 0, high: 0)

    private let low: UInt64
    private let high: UInt64

    private init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    package init(of bytes: [UInt8], key: Key) {
        var state = State(key)
        bytes.withUnsafeBytes { bytes in
            let whole = bytes.count & ~7
            var offset = 0
            while offset < whole {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                state.absorb(word)
                offset += 8
            }
            var last = UInt64(truncatingIfNeeded: bytes.count) << 56
            for index in whole..<bytes.count { last |= UInt64(bytes[index]) << (8 * UInt64(index - whole)) }
            state.absorb(last)
        }
        (low, high) = state.finish()
    }

    /// The sixteen bytes, as the reference code gives them.
    package var bytes: [UInt8] {
        [low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        init(_ key: Key) {
            v0 = 0x736f_6d65_7073_6575 ^ key.low
            v1 = 0x646f_7261_6e64_6f6d ^ key.high ^ 0xee
            v2 = 0x6c79_6765_6e65_7261 ^ key.low
            v3 = 0x7465_6462_7974_6573 ^ key.high
        }

        @inline(__always)
        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        mutating func finish() -> (UInt64, UInt64) {
            v2 ^= 0xee
            for _ in 0..<4 { round() }
            let low = v0 ^ v1 ^ v2 ^ v3
            v1 ^= 0xdd
            for _ in 0..<4 { round() }
            return (low, v0 ^ v1 ^ v2 ^ v3)
        }

        @inline(__always)
        private mutating func round() {
            v0 = v0 &+ v1
            v1 = rotate(v1, 13) ^ v0
            v0 = rotate(v0, 32)
            v2 = v2 &+ v3
            v3 = rotate(v3, 16) ^ v2
            v0 = v0 &+ v3
            v3 = rotate(v3, 21) ^ v0
            v2 = v2 &+ v1
            v1 = rotate(v1, 17) ^ v2
            v2 = rotate(v2, 32)
        }

        @inline(__always)
        private func rotate(_ word: UInt64, _ by: UInt64) -> UInt64 {
            word &<< by | word &>> (64 - by)
        }
    }
}
