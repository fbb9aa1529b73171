import CLIPImaging
import CLIPTestSupport
import Testing

@Suite("Floats equal those of each layout's own library")
struct WaysTests {
    /// `Fixtures/resizing`: files as they lie beside weights, and checksums of what the reference makes of each picture.
    struct Ways: Decodable {
        struct Way: Decodable, Sendable, CustomTestStringConvertible {
            var name, layout, config: String
            var size: Int

            var testDescription: String { "\(layout): \(name)" }

            func recipe() throws -> PreprocessingRecipe {
                layout == "openCLIP"
                    ? try PreprocessingRecipe(openCLIPConfig: Array(config.utf8), imageSize: size)
                    : try PreprocessingRecipe(preprocessorConfig: Array(config.utf8))
            }
        }

        struct Picture: Decodable {
            var file: String
            /// For each way; nil where the reference fails.
            var checksums: [Int?]
        }

        var ways: [Way]
        var pictures: [Picture]

        static func all() throws -> Ways { try Fixture.decode(Ways.self, from: "resizing/cases.json") }
    }

    @Test(
        "Each picture, prepared as a model's file says, has the reference's floats to the last bit",
        arguments: try Array(Ways.all().ways.enumerated()).map { ($0.offset, $0.element) }
    )
    func floats(number: Int, way: Ways.Way) throws {
        let recipe = try way.recipe()
        #expect(recipe.imageSize == way.size)
        let preprocessor = ImagePreprocessor(recipe: recipe)
        var wrong: [String] = []
        for picture in try Ways.all().pictures {
            let values = try preprocessor.pixelValues(of: Fixture.bytes(picture.file))
            // Where the reference fails, as a side would vanish, there is a picture nonetheless.
            guard let expected = picture.checksums[number] else { continue }
            let bytes = values.lazy.flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
            }
            if PNG.crc(of: bytes) != expected { wrong.append(picture.file) }
        }
        #expect(wrong == [])
    }

    @Test("There are at least sixty pictures for every mode, filter and layout, and some that are very high")
    func coverage() throws {
        let all = try Ways.all()
        var seen: [String: Int] = [:]
        for (number, way) in all.ways.enumerated() {
            let recipe = try way.recipe()
            seen["\(way.layout) \(recipe.resizeMode) \(recipe.filter)", default: 0] +=
                all.pictures.count { $0.checksums[number] != nil }
        }
        #expect(seen.count == 6 + 4 && seen.values.allSatisfy { $0 >= 60 }, "\(seen)")
        #expect(all.pictures.contains { $0.file == "resizing/12x1300.png" })
    }
}
