import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

/// A real-sized checkpoint against its reference implementation.
///
/// `Scripts/check-parity.py` computes the reference, sets the two variables and runs this; without them there
/// is nothing to compare and the test says that it was skipped.
@Suite("Parity on a real-sized model")
struct ParityTests {
    static let environment = ProcessInfo.processInfo.environment

    private struct Reference: Decodable {
        let count: Int
        let captions: [[Int32]]
    }

    @Test(
        "Embeddings of CLIP_MODEL_DIR equal the reference in CLIP_PARITY_DIR to 1e-5",
        .enabled(
            if: environment["CLIP_MODEL_DIR"] != nil && environment["CLIP_PARITY_DIR"] != nil,
            "Run Scripts/check-parity.py MODEL_DIR"
        )
    )
    func parity() throws {
        let directory = try ModelDirectory(path: #require(Self.environment["CLIP_MODEL_DIR"]))
        let folder = URL(fileURLWithPath: try #require(Self.environment["CLIP_PARITY_DIR"]))
        let json = try directory.configuration()
        let clip = try CLIPModel(
            configuration: directory.layout == .openCLIP
                ? ModelConfiguration(openCLIPConfig: json) : ModelConfiguration(transformersConfig: json),
            checkpoint: directory.weights(),
            layout: directory.layout,
            threads: 2
        )
        let about = try JSONDecoder().decode(
            Reference.self,
            from: Data(contentsOf: folder.appendingPathComponent("inputs.json"))
        )
        let width = clip.configuration.embeddingWidth

        let pixels = CounterNumbers.floats(
            "parity",
            count: about.count * clip.configuration.vision.pixelValueCount,
            scale: 2
        )
        let images = try clip.imageEmbeddings(pixelValues: pixels, count: about.count)
        let imageError = try Closeness.worstRowError(images, floats(folder, "images.bin"), width: width)
        let texts = try clip.textEmbeddings(tokens: about.captions)
        let textError = try Closeness.worstRowError(texts, floats(folder, "texts.bin"), width: width)
        print("parity \(directory.layout): worst relative error, images \(imageError), texts \(textError)")
        #expect(imageError < 1e-5)
        #expect(textError < 1e-5)
    }

    private func floats(_ folder: URL, _ name: String) throws -> [Float] {
        let data = try Data(contentsOf: folder.appendingPathComponent(name))
        return data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)
                    )
                )
            }
        }
    }
}
