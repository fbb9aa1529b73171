/// What a coded AV1 picture tells about itself: the size of its frames and how many there are.
///
/// Each frame can state a size of its own, which a decoder believes. Still pictures do not, so a stream that does is
/// refused, as is one that changes its sequence header.
struct AV1Stream {
    let sequence: AV1Sequence
    private(set) var frames = 0

    /// Reads the stream; nil if it is damaged, or if its frames are too many or differ in size from the sequence
    /// header.
    ///
    /// A picture in layers has the most frames that are accepted.
    init?(_ code: FileFields) {
        var found: (sequence: AV1Sequence, unit: FileFields)?
        var start = 0
        while start < code.count {
            guard let header = code.number(at: start, bytes: 1), header & 0x80 == 0 else { return nil }
            var body = start + (header & 4 == 0 ? 1 : 2)
            var end = code.count
            if header & 2 != 0 {
                guard let length = Self.variableLength(in: code, at: &body) else { return nil }
                end = body.plus(length)
            }
            guard let unit = code.part(from: body, to: end) else { return nil }
            switch header >> 3 & 15 {
            case 1:
                if let found {
                    guard found.unit.bytes.elementsEqual(unit.bytes) else { return nil }
                } else {
                    guard let sequence = AV1Sequence(unit) else { return nil }
                    found = (sequence, unit)
                }
            // These are a frame header, a whole frame, and a repeated header, which counts if the first one is missing.
            case 3, 6, 7:
                guard let sequence = found?.sequence, Self.hasOrdinaryFrame(unit, of: sequence) else {
                    return nil
                }
                frames += 1
            // These are delimiters, tiles, metadata and padding.
            case 2, 4, 5, 15: break
            default: return nil
            }
            guard frames <= Self.mostFrames else { return nil }
            start = end
        }
        guard let found, frames > 0 else { return nil }
        sequence = found.sequence
    }

    /// A progressive picture has up to four layers.
    private static let mostFrames = 4

    /// The bytes that dav1d holds for the stream.
    ///
    /// These are its frames, one more for each if they are scaled or get grain, and notes about every block.
    var memoryBytes: Int {
        // Planes are padded to whole blocks, and the distance between rows may be larger.
        let padded = (Self.padded(sequence.size.width) + 64).times(Self.padded(sequence.size.height))
        let held = frames + (sequence.mayScale ? 1 : 0) + (sequence.mayHaveGrain ? 1 : 0)
        return planeBytes(of: padded).times(held).plus(padded.times(2)).plus(Self.contextBytes)
    }

    /// The bytes that a number of decoded pixels takes.
    func planeBytes(of pixels: Int) -> Int {
        pixels.times(sequence.samplesOfTwo * (sequence.isDeep ? 2 : 1)) / 2
    }

    /// The bytes that a decoder takes however small the picture is; 0.42 MB were measured.
    private static let contextBytes = 500_000

    private static func padded(_ length: Int) -> Int { (length + 127) / 128 * 128 }

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

    /// Whether a frame has the size of the sequence header, by the flag that the bitstream specification has in 5.9.2.
    ///
    /// Superresolution (5.9.8) can only make a frame narrower, never larger.
    private static func hasOrdinaryFrame(_ unit: FileFields, of sequence: AV1Sequence) -> Bool {
        if sequence.isReduced { return unit.count > 0 }
        var bits = BitReader(unit)
        guard let isShownAgain = bits.flag() else { return false }
        if isShownAgain { return true }
        guard let type = bits.next(2), let isShown = bits.flag() else { return false }
        // A switching frame always states its own size.
        let (key, switching) = (0, 3)
        guard type != switching, bits.skip(isShown ? sequence.presentationBits : 1) else { return false }
        // The skipped bits are about error resilience and the adaptation of probabilities.
        guard bits.skip(type == key && isShown ? 1 : 2) else { return false }
        var isScreen = sequence.screenContent
        if isScreen == nil { isScreen = bits.flag() }
        guard let isScreen else { return false }
        if isScreen, sequence.integerMotion == nil, !bits.skip(1) { return false }
        guard bits.skip(sequence.frameNumberBits), let hasSize = bits.flag() else { return false }
        return !hasSize
    }
}
