/// A sequence header of AV1 (bitstream specification, 5.5).
///
/// It gives the largest size of the frames, the memory of a pixel, and what is needed to find the size in a frame's
/// header.
struct AV1Sequence: Equatable {
    private(set) var size = PixelSize(width: 0, height: 0)
    private(set) var isReduced = false
    /// The number of bits of each shown frame's presentation time; 0 if frames have none.
    private(set) var presentationBits = 0
    /// The number of bits of a frame's number; 0 if frames have none.
    private(set) var frameNumberBits = 0
    /// The sequence's choice of screen content tools; nil if each frame makes its own choice.
    private(set) var screenContent: Bool?
    private(set) var integerMotion: Bool?
    private(set) var mayScale = false
    private(set) var mayHaveGrain = false
    private(set) var isDeep = false
    /// The number of samples that two pixels have, chroma included.
    private(set) var samplesOfTwo = 6

    /// Reads the header; nil if it is damaged or ends early.
    init?(_ unit: FileFields) {
        var bits = BitReader(unit)
        guard let profile = bits.next(3), profile <= 2, bits.skip(1), let isReduced = bits.flag(),
            isReduced ? bits.skip(5) : readOperatingPoints(&bits), let widthBits = bits.next(4),
            let heightBits = bits.next(4), let width = bits.next(widthBits + 1),
            let height = bits.next(heightBits + 1)
        else { return nil }
        self.isReduced = isReduced
        size = PixelSize(width: width + 1, height: height + 1)
        if !isReduced {
            guard let hasNumbers = bits.flag() else { return nil }
            if hasNumbers {
                guard let delta = bits.next(4), let more = bits.next(3) else { return nil }
                frameNumberBits = delta + 2 + more + 1
            }
        }
        // The skipped bits are the sizes of blocks, filters and edges.
        guard bits.skip(3), isReduced || readTools(&bits), let mayScale = bits.flag(), bits.skip(2),
            readColours(&bits, profile: profile), let mayHaveGrain = bits.flag()
        else { return nil }
        (self.mayScale, self.mayHaveGrain) = (mayScale, mayHaveGrain)
    }

    private mutating func readOperatingPoints(_ bits: inout BitReader) -> Bool {
        var delayBits: Int?
        guard let hasTiming = bits.flag() else { return false }
        if hasTiming {
            guard bits.skip(64), let isEqual = bits.flag() else { return false }
            if isEqual, bits.exponential() == nil { return false }
            guard let hasModel = bits.flag() else { return false }
            if hasModel {
                guard let delay = bits.next(5), bits.skip(32 + 5), let presentation = bits.next(5) else {
                    return false
                }
                delayBits = delay + 1
                presentationBits = isEqual ? 0 : presentation + 1
            }
        }
        guard let hasDelay = bits.flag(), let last = bits.next(5) else { return false }
        for _ in 0...last {
            guard bits.skip(12), let level = bits.next(5) else { return false }
            if level > 7, !bits.skip(1) { return false }
            if let delayBits {
                guard let isThere = bits.flag() else { return false }
                if isThere, !bits.skip(2 * delayBits + 1) { return false }
            }
            if hasDelay {
                guard let isThere = bits.flag() else { return false }
                if isThere, !bits.skip(4) { return false }
            }
        }
        return true
    }

    private mutating func readTools(_ bits: inout BitReader) -> Bool {
        // The skipped bits are about compound prediction, warping and filters.
        guard bits.skip(4), let hasOrder = bits.flag(), !hasOrder || bits.skip(2),
            let leavesScreen = bits.flag()
        else { return false }
        if !leavesScreen {
            guard let screen = bits.flag() else { return false }
            screenContent = screen
        }
        if screenContent != false {
            guard let leavesMotion = bits.flag() else { return false }
            if !leavesMotion {
                guard let motion = bits.flag() else { return false }
                integerMotion = motion
            }
        }
        return !hasOrder || bits.skip(3)
    }

    private mutating func readColours(_ bits: inout BitReader, profile: Int) -> Bool {
        guard let isDeep = bits.flag() else { return false }
        var isTwelve = false
        if profile == 2, isDeep {
            guard let twelve = bits.flag() else { return false }
            isTwelve = twelve
        }
        self.isDeep = isDeep
        var isGrey = false
        if profile != 1 {
            guard let grey = bits.flag() else { return false }
            isGrey = grey
        }
        guard let isDescribed = bits.flag() else { return false }
        var description = 0x02_0202
        if isDescribed {
            guard let found = bits.next(24) else { return false }
            description = found
        }
        if isGrey {
            samplesOfTwo = 2
            return bits.skip(1)
        }
        // This is sRGB, which has no subsampling.
        if description == 0x01_0D00 { return bits.skip(1) }
        guard bits.skip(1) else { return false }
        var isHalvedAcross = profile != 1
        var isHalvedDown = profile == 0
        if isTwelve {
            guard let across = bits.flag() else { return false }
            isHalvedAcross = across
            if across {
                guard let down = bits.flag() else { return false }
                isHalvedDown = down
            }
        }
        samplesOfTwo = isHalvedDown ? 3 : isHalvedAcross ? 4 : 6
        // The skipped bits are the positions of the chroma samples and whether the planes have separate scales.
        return bits.skip(isHalvedAcross && isHalvedDown ? 3 : 1)
    }
}
