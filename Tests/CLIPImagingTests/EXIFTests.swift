import CLIPImaging
import Testing

@Suite("The orientation in an EXIF block")
struct EXIFTests {
    /// A block with one directory, behind `padding` bytes.
    private func block(
        entries: [(tag: Int, type: Int, value: Int)],
        bigEndian: Bool,
        padding: Int = 0
    ) -> [UInt8] {
        func number(_ value: Int, bytes: Int) -> [UInt8] {
            let little = (0..<bytes).map { UInt8(value >> (8 * $0) & 255) }
            return bigEndian ? little.reversed() : little
        }
        var block =
            Array((bigEndian ? "MM" : "II").utf8) + number(42, bytes: 2) + number(8 + padding, bytes: 4)
        block += [UInt8](repeating: 0xA5, count: padding)
        block += number(entries.count, bytes: 2)
        for entry in entries {
            block += number(entry.tag, bytes: 2) + number(entry.type, bytes: 2) + number(1, bytes: 4)
            block += entry.type == 3 ? number(entry.value, bytes: 2) + [0, 0] : number(entry.value, bytes: 4)
        }
        return block
    }

    private func orientation(_ block: [UInt8]) -> Orientation {
        block.withUnsafeBytes { Orientation(exif: $0) }
    }

    @Test("Both byte orders, both sizes of number, and any place are read", arguments: Orientation.allCases)
    func sound(expected: Orientation) {
        for bigEndian in [false, true] {
            for type in [3, 4] {
                for padding in [0, 5] {
                    let entries = [
                        (tag: 0x010F, type: 4, value: 7), (tag: 0x0112, type: type, value: expected.rawValue),
                    ]
                    let block = block(entries: entries, bigEndian: bigEndian, padding: padding)
                    #expect(orientation(block) == expected)
                }
            }
        }
    }

    @Test("A value that the standard does not know, another type, or no entry means upright")
    func unknown() {
        for entry in [(0x0112, 3, 0), (0x0112, 3, 9), (0x0112, 4, 1 << 30), (0x0112, 2, 6), (0x0113, 3, 6)] {
            #expect(orientation(block(entries: [entry], bigEndian: true)) == .upright)
        }
        #expect(orientation([]) == .upright)
    }

    @Test("A block that ends early, points elsewhere or claims too much means upright")
    func damaged() {
        let sound = block(entries: [(0x0112, 3, 6)], bigEndian: false)
        #expect(orientation(sound) == .turnedLeft)
        for count in 0..<sound.count - 2 {
            #expect(orientation(Array(sound.prefix(count))) == .upright, "\(count) bytes")
        }
        for index in 0..<8 {
            for value: UInt8 in [0x7F, 0xFF] {
                var damaged = sound
                damaged[index] = value
                #expect(orientation(damaged) == .upright, "byte \(index)")
            }
        }
        var manyEntries = block(entries: [(0x0113, 3, 6)], bigEndian: false)
        manyEntries.replaceSubrange(8..<10, with: [0xFF, 0xFF])
        #expect(orientation(manyEntries) == .upright)
    }
}
