internal import Foundation

/// What the stages are measured with: files of this repository, and captions.
enum Samples {
    /// The checkout's root.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL

    /// A JPEG of 300 x 400 pixels.
    static let photograph = bytes("Examples/pictures/koala.jpg")

    static let caption = "a photo of two dogs playing with a red ball"
    static let koreanCaption = "빨간 공을 가지고 노는 강아지 두 마리"

    private static func bytes(_ path: String) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else {
            fatalError("\(path) is not in the checkout.")
        }
        return [UInt8](data)
    }
}
