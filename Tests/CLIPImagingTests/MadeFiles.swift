/// Files that are made as a test needs them: small, and of pictures that are not.

/// A number in four bytes, the high one first.
func big(_ value: Int) -> [UInt8] {
    [UInt8(value >> 24 & 255), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
}

/// A number in `bytes` bytes, the low one first.
func little(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(value >> (8 * $0) & 255) }
}

/// Zeroes, packed as only zeroes can be: 258 of them in two bits.
enum Zeroes {
    static func zlib(_ count: Int) -> [UInt8] {
        var bits = Bits()
        // A block with the codes of the standard would take 13 bits a run; these take two.
        bits.put(1, 1)  // the last block
        bits.put(2, 2)  // with codes of its own
        bits.put(29, 5)  // 286 literals and lengths
        bits.put(0, 5)  // one distance
        bits.put(14, 4)  // 18 lengths of code lengths follow
        // In the order 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1: what is used has two bits.
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            bits.put([18, 0, 2, 1].contains(symbol) ? 2 : 0, 3)
        }
        // Codes of two bits in the order of their symbols: 0, 1, 2, 18.
        func length(_ value: Int) { bits.putCode([0: 0, 1: 1, 2: 2, 18: 3][value] ?? 0, 2) }
        func none(_ count: Int) {
            length(18)
            bits.put(count - 11, 7)
        }
        length(2)  // the literal 0
        none(138)
        none(117)
        length(2)  // the end, 256
        none(28)
        length(1)  // the length 258, 285
        length(1)  // the distance 1
        // Literals 0 and end have the codes 10 and 11, the length 0; the distance 0.
        func zero() { bits.putCode(2, 2) }
        let runs = count > 0 ? (count - 1) / 258 : 0
        if count > 0 { zero() }
        for _ in 0..<runs { bits.put(0, 2) }
        for _ in 0..<(count > 0 ? count - 1 - runs * 258 : 0) { zero() }
        bits.putCode(3, 2)
        // Adler's sums of nothing but zeroes.
        let low = 1
        let high = count % 65_521
        return [0x78, 0xDA] + bits.bytes + big(high << 16 | low)
    }

    private struct Bits {
        private var done: [UInt8] = []
        private var held = 0
        private var count = 0

        var bytes: [UInt8] { count > 0 ? done + [UInt8(held)] : done }

        mutating func put(_ value: Int, _ width: Int) {
            held |= value << count
            count += width
            while count >= 8 {
                done.append(UInt8(held & 255))
                held >>= 8
                count -= 8
            }
        }

        /// Codes stand with their high bit first.
        mutating func putCode(_ code: Int, _ width: Int) {
            for bit in (0..<width).reversed() { put(code >> bit & 1, 1) }
        }
    }
}

enum PNG {
    static func file(_ chunks: [(name: String, body: [UInt8])]) -> [UInt8] {
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        return chunks.reduce(into: signature) { file, chunk in
            let named = Array(chunk.name.utf8) + chunk.body
            file += big(chunk.body.count) + named + big(crc(of: named))
        }
    }

    /// The check sum of a chunk.
    static func crc(of bytes: some Sequence<UInt8>) -> Int {
        var sum: UInt32 = ~0
        for byte in bytes { sum = table[Int((sum ^ UInt32(byte)) & 255)] ^ (sum >> 8) }
        return Int(~sum)
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
    }
}

enum TIFF {
    /// One strip or one tile, little-endian.
    static func file(
        width: Int,
        height: Int,
        samples: Int,
        bits: Int,
        photometric: Int,
        compression: Int = 1,
        tile: (Int, Int)? = nil,
        extra: [(tag: Int, type: Int, values: [Int])] = [],
        data: [UInt8]
    ) -> [UInt8] {
        var fields: [(tag: Int, type: Int, values: [Int])] = [
            (256, 4, [width]), (257, 4, [height]), (258, 3, Array(repeating: bits, count: samples)),
            (259, 3, [compression]), (262, 3, [photometric]), (277, 3, [samples]),
        ]
        if let tile {
            fields += [(322, 4, [tile.0]), (323, 4, [tile.1]), (324, 4, [8]), (325, 4, [data.count])]
        } else {
            fields += [(273, 4, [8]), (278, 4, [height]), (279, 4, [data.count])]
        }
        fields += extra
        var file = Array("II".utf8) + little(42, 2) + little(0, 4) + data
        if file.count % 2 == 1 { file.append(0) }
        var entries: [UInt8] = []
        for field in fields.sorted(by: { $0.tag < $1.tag }) {
            let size = field.type == 3 ? 2 : 4
            let body = field.values.flatMap { little($0, size) }
            entries += little(field.tag, 2) + little(field.type, 2) + little(field.values.count, 4)
            if body.count <= 4 {
                entries += body + [UInt8](repeating: 0, count: 4 - body.count)
            } else {
                entries += little(file.count, 4)
                file += body + [UInt8](repeating: 0, count: body.count % 2)
            }
        }
        file.replaceSubrange(4..<8, with: little(file.count, 4))
        return file + little(fields.count, 2) + entries + little(0, 4)
    }
}
