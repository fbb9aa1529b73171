internal import Foundation

/// The inputs with which the stages are measured: files of this repository, and captions.
enum Samples {
    /// The root of the checkout.
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL

    /// The directory of the model whose weights are in the repository.
    static let clipMini = root.appendingPathComponent("Models/clip-mini").path

    /// A JPEG of 300 x 400 pixels.
    static let photograph = bytes("Examples/pictures/koala.jpg")
    /// The same photograph in base64, as clients send it.
    static let base64Photograph = [UInt8](Data(photograph).base64EncodedData())

    static let caption = "a photo of two dogs playing with a red ball"
    static let koreanCaption = "빨간 공을 가지고 노는 강아지 두 마리"

    private static func bytes(_ path: String) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else {
            fatalError("\(path) is not in the checkout.")
        }
        return [UInt8](data)
    }
}

/// Bytes of all values, the same in every run.
func noisyBytes(count: Int) -> [UInt8] {
    noise(count: count, scale: 128).map { UInt8(max(0, min(255, $0 + 128))) }
}

/// Numbers around zero, the same in every run.
func noise(count: Int, scale: Float = 1) -> [Float] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Float(state >> 40) / Float(1 << 23) - 1) * scale
    }
}
