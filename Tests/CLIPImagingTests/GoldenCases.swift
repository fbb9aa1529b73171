import CLIPImaging
import CLIPTestSupport
import Testing

/// The pictures of `Fixtures/imaging`, with what Pillow and torchvision make of them.
struct GoldenCases: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name, file, format: String
        var size, offset: Int
        /// The most that a byte may differ, and the mean difference: both 0 where the decoders agree.
        var largest: Int
        var mean: Double
        var valuesOffset: Int?

        var testDescription: String { name }

        func image() throws -> [UInt8] { try Fixture.bytes("imaging/\(file)") }
    }

    var cases: [Case]

    static func all() throws -> [Case] {
        try Fixture.decode(GoldenCases.self, from: "imaging/cases.json").cases
    }

    static func named(_ name: String) throws -> Case {
        guard let found = try all().first(where: { $0.name == name }) else { throw Missing(name: name) }
        return found
    }

    struct Missing: Error { var name: String }
}

extension ImagePreprocessor {
    /// OpenAI's recipe at some size.
    init(size: Int, limits: ImageLimits = ImageLimits(formats: Set(ImageFormat.allCases))) {
        self.init(recipe: .openAI(imageSize: size), limits: limits)
    }
}
