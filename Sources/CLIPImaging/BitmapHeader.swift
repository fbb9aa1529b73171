/// The header of a Windows or OS/2 bitmap (BMP), checked field by field.
///
/// Headers of 12, 40, 52, 56, 64, 108 and 124 bytes are read, as in Pillow, with 1, 4, 8, 16, 24 and 32 bits, plain,
/// run-length coded or with channel masks. JPEG and PNG inside a bitmap are not read.
struct BitmapHeader {
    enum Coding: Equatable {
        /// The pixels are indices into the palette, packed from the high bits down.
        case palette(bits: Int)
        /// The pixels are run-length coded indices of 4 or 8 bits.
        case runs(bits: Int)
        /// The pixels are little-endian numbers whose channels lie under masks.
        case channels(bytes: Int, red: ChannelMask, green: ChannelMask, blue: ChannelMask)
    }

    let size: PixelSize
    /// Whether the first stored row is the top one.
    let isTopDown: Bool
    let coding: Coding
    /// 256 colours, (256, 3); colours that the file does not give are black.
    let palette: [UInt8]
    /// The offset of the pixels in the file.
    let pixelOffset: Int

    /// The bytes from one stored row to the next, except with run-length coding.
    var rowStride: Int {
        switch coding {
        case .palette(let bits), .runs(let bits): (size.width * bits + 31) / 32 * 4
        case .channels(let bytes, _, _, _): (size.width * bytes + 3) / 4 * 4
        }
    }

    /// The bytes of a stored row that hold pixels.
    var rowBytes: Int {
        switch coding {
        case .palette(let bits), .runs(let bits): (size.width * bits + 7) / 8
        case .channels(let bytes, _, _, _): size.width * bytes
        }
    }

    /// Reads the header; nil if it is damaged or of a kind that is not supported.
    init?(_ file: [UInt8]) {
        let fields = LittleEndianFields(file)
        guard let offset = fields.unsigned32(at: 10), let headerSize = fields.unsigned32(at: 14) else {
            return nil
        }
        let isCore = headerSize == 12
        guard isCore || [40, 52, 56, 64, 108, 124].contains(headerSize), file.count >= 14 + headerSize else {
            return nil
        }

        guard let width = isCore ? fields.unsigned16(at: 18) : fields.signed32(at: 18),
            let height = isCore ? fields.unsigned16(at: 20) : fields.signed32(at: 22),
            let bits = fields.unsigned16(at: isCore ? 24 : 28),
            let compression = isCore ? 0 : fields.unsigned32(at: 30),
            let colours = isCore ? 0 : fields.unsigned32(at: 46),
            width > 0, height != 0
        else { return nil }
        size = PixelSize(width: width, height: abs(height))
        isTopDown = height < 0

        // Channel masks follow a header of 40 bytes and are part of longer headers, which is the same place.
        let hasMasksAfterHeader = headerSize == 40 && compression == 3
        guard let coding = Self.coding(bits: bits, compression: compression, fields) else { return nil }
        self.coding = coding

        let paletteStart = 14 + headerSize + (hasMasksAfterHeader ? 12 : 0)
        let entryBytes = isCore ? 3 : 4
        let entries = bits > 8 ? 0 : colours == 0 ? 1 << bits : colours
        palette = Self.palette(in: file, at: paletteStart, entries: min(entries, 256), entryBytes: entryBytes)

        // Some writers omit the palette or the offset.
        let afterPalette = paletteStart + entries * entryBytes
        pixelOffset = offset == 0 || (offset == 14 + headerSize && bits <= 8) ? afterPalette : offset
    }

    private static func coding(bits: Int, compression: Int, _ fields: LittleEndianFields) -> Coding? {
        switch (compression, bits) {
        case (0, 1), (0, 4), (0, 8): return .palette(bits: bits)
        case (1, 8), (2, 4): return .runs(bits: bits)
        case (0, 16): return channels(bytes: 2, 0x7C00, 0x3E0, 0x1F)
        case (0, 24): return channels(bytes: 3, 0xFF0000, 0xFF00, 0xFF)
        case (0, 32): return channels(bytes: 4, 0xFF0000, 0xFF00, 0xFF)
        case (3, 16), (3, 24), (3, 32):
            guard let red = fields.unsigned32(at: 54), let green = fields.unsigned32(at: 58),
                let blue = fields.unsigned32(at: 62)
            else { return nil }
            return red | green | blue == 0
                ? Self.coding(bits: bits, compression: 0, fields)
                : channels(bytes: bits / 8, red, green, blue)
        default: return nil
        }
    }

    private static func channels(bytes: Int, _ red: Int, _ green: Int, _ blue: Int) -> Coding? {
        guard let red = ChannelMask(red), let green = ChannelMask(green), let blue = ChannelMask(blue) else {
            return nil
        }
        return .channels(bytes: bytes, red: red, green: green, blue: blue)
    }

    /// Reads the palette, which is blue, green, red in the file and becomes red, green, blue.
    private static func palette(in file: [UInt8], at start: Int, entries: Int, entryBytes: Int) -> [UInt8] {
        var palette = [UInt8](repeating: 0, count: 256 * 3)
        for entry in 0..<entries where start + entry * entryBytes + 3 <= file.count {
            let colour = start + entry * entryBytes
            palette[entry * 3] = file[colour + 2]
            palette[entry * 3 + 1] = file[colour + 1]
            palette[entry * 3 + 2] = file[colour]
        }
        return palette
    }
}

/// The place of a channel in a pixel of 16, 24 or 32 bits.
struct ChannelMask: Equatable {
    private let shift: Int
    private let largest: Int

    /// Makes the mask; nil if its bits are not next to each other.
    init?(_ mask: Int) {
        shift = mask == 0 ? 0 : mask.trailingZeroBitCount
        largest = mask >> shift
        guard largest & (largest + 1) == 0 else { return nil }
    }

    /// The channel scaled to a byte and rounded down, as Pillow does for 5 and 6 bits.
    func byte(of pixel: Int) -> UInt8 {
        let value = (pixel >> shift) & largest
        return switch largest {
        case 0: 0
        case 255: UInt8(truncatingIfNeeded: value)
        default: UInt8(truncatingIfNeeded: value * 255 / largest)
        }
    }
}

/// Reads little-endian numbers at offsets that may lie after the end.
struct LittleEndianFields {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func unsigned16(at offset: Int) -> Int? {
        offset + 2 <= bytes.count ? Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 : nil
    }

    func unsigned32(at offset: Int) -> Int? {
        guard let low = unsigned16(at: offset), let high = unsigned16(at: offset + 2) else { return nil }
        return low | high << 16
    }

    func signed32(at offset: Int) -> Int? {
        unsigned32(at: offset).map { Int(Int32(truncatingIfNeeded: $0)) }
    }
}
