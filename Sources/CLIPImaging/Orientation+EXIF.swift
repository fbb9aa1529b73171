extension Orientation {
    /// Reads the orientation in an EXIF block, which is a TIFF file whose first directory may have it as an entry.
    ///
    /// A block that is damaged or has no such entry means upright. Every number is checked before it is used.
    package init(exif block: UnsafeRawBufferPointer) {
        self = Self.tag(of: block).map(Orientation.init(tag:)) ?? .upright
    }

    private static let tagNumber = 0x0112
    /// The type numbers of 16-bit and 32-bit values.
    private static let (short, long) = (3, 4)

    private static func tag(of block: UnsafeRawBufferPointer) -> Int? {
        let isBigEndian: Bool
        switch (block.first, block.dropFirst().first) {
        case (UInt8(ascii: "M"), UInt8(ascii: "M")): isBigEndian = true
        case (UInt8(ascii: "I"), UInt8(ascii: "I")): isBigEndian = false
        default: return nil
        }
        func number(at offset: Int, bytes: Int) -> Int? {
            guard offset >= 0, offset <= block.count - bytes else { return nil }
            return (0..<bytes).reduce(0) { value, index in
                value << 8 | Int(block[offset + (isBigEndian ? index : bytes - 1 - index)])
            }
        }
        guard number(at: 2, bytes: 2) == 42, let directory = number(at: 4, bytes: 4),
            let entries = number(at: directory, bytes: 2)
        else { return nil }
        for index in 0..<entries {
            let entry = directory + 2 + index * 12
            guard let tag = number(at: entry, bytes: 2) else { return nil }
            guard tag == tagNumber else { continue }
            switch number(at: entry + 2, bytes: 2) {
            case short: return number(at: entry + 8, bytes: 2)
            case long: return number(at: entry + 8, bytes: 4)
            default: return nil
            }
        }
        return nil
    }
}
