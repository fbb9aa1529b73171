/// What a coded HEVC picture of a HEIC tells about itself: the size in its parameter sets.
struct HEVCStream {
    /// The largest size in any parameter set.
    private(set) var size = PixelSize(width: 0, height: 0)

    /// Reads the stream; nil if it is damaged or has no size.
    ///
    /// It is also nil if the code brings parameter sets of its own, or more than one picture.
    init?(_ code: FileFields, configuration: FileFields?) {
        guard let configuration, let arrays = configuration.number(at: 22, bytes: 1) else { return nil }
        var position = 23
        for _ in 0..<arrays {
            guard let type = configuration.number(at: position, bytes: 1),
                let count = configuration.number(at: position + 1, bytes: 2)
            else { return nil }
            position += 3
            for _ in 0..<count {
                guard let length = configuration.number(at: position, bytes: 2),
                    let unit = configuration.part(from: position + 2, to: position + 2 + length)
                else { return nil }
                if type & 0x3F == Self.sequenceParameters, !readParameters(unit) { return nil }
                position += 2 + length
            }
        }
        guard size.width > 0, hasOnePicture(code) else { return nil }
    }

    private static let sequenceParameters = 33

    private func hasOnePicture(_ code: FileFields) -> Bool {
        var pictures = 0
        var position = 0
        while position < code.count {
            guard let length = code.number(at: position, bytes: 4), length > 2,
                let header = code.number(at: position + 4, bytes: 1),
                let first = code.number(at: position + 6, bytes: 1)
            else { return false }
            let type = header >> 1 & 0x3F
            if 32...34 ~= type { return false }
            if type < 32, first & 0x80 != 0 { pictures += 1 }
            position += 4 + length
        }
        return pictures == 1
    }

    /// Reads a sequence parameter set (H.265, 7.3.2.2).
    private mutating func readParameters(_ unit: FileFields) -> Bool {
        // Encoders insert a 3 after two zeroes wherever the data would look like a start mark.
        var plain: [UInt8] = []
        var zeroes = 0
        for byte in unit.bytes.prefix(512) {
            if byte != 3 || zeroes < 2 { plain.append(byte) }
            zeroes = byte == 0 ? zeroes + 1 : 0
        }
        return plain.withUnsafeBytes { plain in
            var bits = BitReader(FileFields(bytes: plain))
            guard bits.skip(16 + 4), let layers = bits.next(3), bits.skip(1 + 96) else { return false }
            var present: [(profile: Int, level: Int)] = []
            for _ in 0..<layers {
                guard let profile = bits.next(1), let level = bits.next(1) else { return false }
                present.append((profile, level))
            }
            if layers > 0, !bits.skip(2 * (8 - layers)) { return false }
            for layer in present where !bits.skip(88 * layer.profile + 8 * layer.level) { return false }
            guard bits.exponential() != nil, let chroma = bits.exponential() else { return false }
            if chroma == 3, !bits.skip(1) { return false }
            guard let width = bits.exponential(), let height = bits.exponential(), width > 0, height > 0
            else {
                return false
            }
            size.width = max(size.width, width)
            size.height = max(size.height, height)
            return true
        }
    }
}
