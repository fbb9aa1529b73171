/// What a coded AV1 picture says of itself: the sizes in its sequence headers, and how many frames there are.
struct AV1Stream {
    /// The largest that any sequence header allows.
    private(set) var size = PixelSize(width: 0, height: 0)
    private(set) var frames = 0
    /// Of a decoded frame, at the most that its profile allows.
    private(set) var bytesPerPixel = 3

    /// Nil when the stream is damaged, has no size, or more frames than a picture in layers has.
    init?(_ code: FileFields) {
        var start = 0
        while start < code.count {
            guard let header = code.number(at: start, bytes: 1), header & 0x80 == 0 else { return nil }
            var body = start + (header & 4 == 0 ? 1 : 2)
            var end = code.count
            if header & 2 != 0 {
                guard let length = Self.variableLength(in: code, at: &body) else { return nil }
                end = body + length
            }
            guard let unit = code.part(from: body, to: end) else { return nil }
            switch header >> 3 & 15 {
            case 1: guard readSequenceHeader(unit) else { return nil }
            case 3, 6: frames += 1
            // Delimiters, tiles, metadata, repeated headers and padding.
            case 2, 4, 5, 7, 15: break
            default: return nil
            }
            guard frames <= Self.mostFrames else { return nil }
            start = end
        }
        guard size.width > 0, frames > 0 else { return nil }
    }

    /// A progressive picture has up to four layers.
    private static let mostFrames = 4

    private static func variableLength(in code: FileFields, at position: inout Int) -> Int? {
        var value = 0
        for index in 0..<5 {
            guard let byte = code.number(at: position, bytes: 1) else { return nil }
            position += 1
            value |= (byte & 0x7F) << (7 * index)
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    /// AV1 bitstream specification, 5.5.1.
    private mutating func readSequenceHeader(_ unit: FileFields) -> Bool {
        var bits = BitReader(unit)
        guard let profile = bits.next(3), bits.next(1) != nil, let isReduced = bits.next(1) else {
            return false
        }
        if isReduced == 1 {
            guard bits.next(5) != nil else { return false }
        } else {
            guard skipOperatingPoints(&bits) else { return false }
        }
        guard let widthBits = bits.next(4), let heightBits = bits.next(4),
            let width = bits.next(widthBits + 1),
            let height = bits.next(heightBits + 1)
        else { return false }
        size.width = max(size.width, width + 1)
        size.height = max(size.height, height + 1)
        // Halved colours in profile 0, up to ten bits; all of them, up to twelve bits beyond.
        bytesPerPixel = max(bytesPerPixel, profile == 0 ? 3 : 6)
        return true
    }

    private func skipOperatingPoints(_ bits: inout BitReader) -> Bool {
        var delayBits: Int?
        guard let hasTiming = bits.next(1) else { return false }
        if hasTiming == 1 {
            guard bits.next(32) != nil, bits.next(32) != nil, let isEqual = bits.next(1) else { return false }
            if isEqual == 1, bits.exponential() == nil { return false }
            guard let hasModel = bits.next(1) else { return false }
            if hasModel == 1 {
                guard let delay = bits.next(5), bits.next(32) != nil, bits.next(10) != nil else {
                    return false
                }
                delayBits = delay + 1
            }
        }
        guard let hasDelay = bits.next(1), let last = bits.next(5) else { return false }
        for _ in 0...last {
            guard bits.next(12) != nil, let level = bits.next(5) else { return false }
            if level > 7, bits.next(1) == nil { return false }
            if let delayBits {
                guard let isThere = bits.next(1) else { return false }
                if isThere == 1 {
                    guard bits.next(delayBits) != nil, bits.next(delayBits) != nil, bits.next(1) != nil else {
                        return false
                    }
                }
            }
            if hasDelay == 1 {
                guard let isThere = bits.next(1) else { return false }
                if isThere == 1, bits.next(4) == nil { return false }
            }
        }
        return true
    }
}

/// Numbers of any count of bits, the highest first.
struct BitReader {
    private let bytes: FileFields
    private var position = 0

    init(_ bytes: FileFields) {
        self.bytes = bytes
    }

    /// Up to 56 bits; nil past the end.
    mutating func next(_ count: Int) -> Int? {
        guard position + count <= bytes.count * 8 else { return nil }
        var value = 0
        for _ in 0..<count {
            value = value << 1 | Int(bytes.bytes[position / 8] >> UInt8(7 - position % 8) & 1)
            position += 1
        }
        return value
    }

    /// Steps over so many bits; false past the end.
    mutating func skip(_ count: Int) -> Bool {
        position += count
        return position <= bytes.count * 8
    }

    /// A number behind as many zeroes as it has bits: `ue(v)` of HEVC, `uvlc()` of AV1.
    mutating func exponential() -> Int? {
        var zeroes = 0
        while true {
            guard let bit = next(1), zeroes <= 32 else { return nil }
            if bit == 1 { break }
            zeroes += 1
        }
        return next(zeroes).map { 1 << zeroes + $0 - 1 }
    }
}
