internal import CLIPImaging

extension Parser {
    /// Prepares a small picture by settings; the first byte chooses the form of the file and the picture.
    ///
    /// The result has to have three finite numbers for each pixel of the square that the network sees.
    static func readPreprocessing(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let json = Array(bytes.dropFirst())
        let recipe: PreprocessingRecipe? =
            switch first % 3 {
            case 0: try? PreprocessingRecipe(preprocessorConfig: json)
            case 1: (try? PreprocessingRecipe(processorConfig: json)) ?? nil
            default: try? PreprocessingRecipe(openCLIPConfig: json, imageSize: Int(first / 3) + 1)
            }
        // Larger recipes work the same way and take longer.
        guard let recipe, recipe.imageSize <= 64, recipe.resizedSide <= 128 else { return }
        let picture = bitmaps[Int(first / 3) % bitmaps.count]
        do {
            let values = try ImagePreprocessor(recipe: recipe).pixelValues(of: picture)
            precondition(
                values.count == 3 * recipe.imageSize * recipe.imageSize,
                "A picture has \(values.count) numbers."
            )
            precondition(values.allSatisfy(\.isFinite), "A pixel is no number.")
        } catch {
            guard case .unsupportedSetting = error else {
                preconditionFailure("A sound picture is refused: \(error)")
            }
        }
    }

    /// Pictures of unusual shapes: flat, high, wide and square.
    private static let bitmaps = [(5, 3), (1, 7), (40, 2), (16, 16)].map { bitmap(width: $0.0, height: $0.1) }

    /// Makes a BMP of 24 bits.
    private static func bitmap(width: Int, height: Int) -> [UInt8] {
        func four(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let row = (3 * width + 3) / 4 * 4
        let head =
            four(40) + four(width) + four(height) + [1, 0, 24, 0] + four(0) + four(row * height) + four(2835)
        let pixels = (0..<row * height).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        return [0x42, 0x4D] + four(54 + pixels.count) + four(0) + four(54) + head + four(2835) + four(0)
            + four(0)
            + pixels
    }
}
