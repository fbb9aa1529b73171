import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("Each cleaning step does what ftfy's does")
struct CleaningTests {
    private static let steps: [String: @Sendable ([UInt32]) throws -> [UInt32]] = [
        "unescapedStrictly": { HTMLEntities.unescapedStrictly($0) },
        "unescaped": { HTMLEntities.unescaped($0) },
        "replacingC1Controls": { CharacterRepairs.replacingC1Controls($0) },
        "separatingLigatures": { CharacterRepairs.separatingLigatures($0) },
        "normalizingWidth": { CharacterRepairs.normalizingWidth($0) },
        "straighteningQuotes": { CharacterRepairs.straighteningQuotes($0) },
        "normalizingLineBreaks": { CharacterRepairs.normalizingLineBreaks($0) },
        "removingTerminalEscapes": { CharacterRepairs.removingTerminalEscapes($0) },
        "removingControls": { CharacterRepairs.removingControls($0) },
        "normalized": { CanonicalComposition.normalized($0) },
        "lowercased": { LowerCase.lowercased($0) },
        "patched": { text in
            var repair = MojibakeRepair(budget: WorkBudget(for: text))
            return try repair.patched(text)
        },
        "unmojibaked": { text in
            var repair = MojibakeRepair(budget: WorkBudget(for: text))
            return try repair.repaired(text)
        },
        "repaired": { try TextRepair.repaired($0) },
    ]

    private static let goldens = Result {
        try Fixture.decode([String: [[String]]].self, from: "tokenization/steps.json")
    }

    @Test("A step", arguments: steps.keys.sorted())
    func step(name: String) throws {
        let cases = try #require(try Self.goldens.get()[name])
        let step = try #require(Self.steps[name])
        #expect(cases.contains { !$0[0].unicodeScalars.elementsEqual($0[1].unicodeScalars) })
        for golden in cases {
            let made = try step(golden[0].unicodeScalars.map(\.value))
            #expect(made == golden[1].unicodeScalars.map(\.value), "\(golden[0].debugDescription)")
        }
    }

    @Test("Every step has goldens")
    func stepsAreComplete() throws {
        #expect(try Self.goldens.get().keys.sorted() == Self.steps.keys.sorted())
    }

    @Test("Bytes are restored, losses replaced and variants of UTF-8 read as ftfy does")
    func byteSteps() throws {
        let cases = try Fixture.decode([String: [[String]]].self, from: "tokenization/byte-steps.json")
        for golden in try #require(cases["restoringSpaces"]) {
            #expect(LossyUTF8.restoringSpaces(bytes(golden[0])) == bytes(golden[1]), "\(golden[0])")
        }
        for golden in try #require(cases["replacingLosses"]) {
            #expect(LossyUTF8.replacingLosses(bytes(golden[0])) == bytes(golden[1]), "\(golden[0])")
        }
        for golden in try #require(cases["variants"]) {
            let scalars = UTF8Decoder.scalars(bytes(golden[0]), acceptingVariants: true)
            #expect(
                scalars.map { UTF8Decoder.bytes($0) } == (golden[1] == "" ? nil : bytes(golden[1])),
                "\(golden[0])"
            )
        }
    }

    @Test("Mojibake is told from other text as ftfy tells it")
    func detection() throws {
        for golden in try Fixture.decode([Detection].self, from: "tokenization/detection.json") {
            let text = golden.text.unicodeScalars.map(\.value)
            #expect(MojibakeDetector.isMojibake(text) == golden.isMojibake, "\(golden.text.debugDescription)")
        }
    }

    private struct Detection: Decodable {
        var text: String
        var isMojibake: Bool

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            isMojibake = try container.decode(Int.self) == 1
        }
    }

    private func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap(\.hexDigitValue).map { UInt8($0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

@Suite("Unicode is that of the reference, code point by code point")
struct ScalarTests {
    private func expectEqual(_ name: String, _ values: (UInt32) -> [UInt32]) throws {
        let goldens = try Fixture.decode([String: [String]].self, from: "tokenization/scalars.json")
        let blocks = try #require(goldens[name])
        for block in Self.blocksToTest where block < blocks.count {
            var made: [UInt32] = []
            for index in (block * 65_536)..<min(block * 65_536 + 65_536, 0x11_0000 - 0x800) {
                // The blocks leave out the surrogates, which are no scalars.
                made += values(UInt32(index < 0xD800 ? index : index + 0x800))
            }
            #expect(FNV.hash(made) == blocks[block], "block \(block)")
        }
    }

    /// A debug build looks only where cases, compositions and most scripts are.
    private static var blocksToTest: [Int] {
        #if DEBUG
        [0, 1]
        #else
        Array(0..<17)
        #endif
    }

    @Test("Letters, numbers, white space and the rest")
    func kinds() throws {
        try expectEqual("kinds") { [WordSplitter.kind(of: $0).rawValue] }
    }

    @Test("Lower case")
    func lowerCase() throws {
        try expectEqual("lower") { LowerCase.lowercased([$0]) + [0] }
    }

    @Test("The capital sigma at the end of a word")
    func finalSigma() throws {
        try expectEqual("sigma") { scalar in
            LowerCase.lowercased([scalar, 0x3A3]) + LowerCase.lowercased([0x41, scalar, 0x3A3, scalar]) + [0]
        }
    }

    @Test("Composition")
    func composition() throws {
        try expectEqual("composed") { CanonicalComposition.normalized([$0]) + [0] }
    }

    @Test("Composition with marks that have to be put in order")
    func orderedComposition() throws {
        try expectEqual("recomposed") { CanonicalComposition.normalized([$0, 0x315, 0x327, 0x301]) + [0] }
    }
}
