import CLIPImaging
import Testing

@Suite("Every byte of a picture becomes a finite number, or the settings are refused")
struct FiniteValueTests {
    @Test(
        "Means, deviations and factors that are numbers, but not together",
        arguments: [
            (0.5, 36 * Float.leastNonzeroMagnitude, 1.0 / 255), (3e38, 0.001, 1.0 / 255), (0.5, 0.5, 1e-300),
        ] as [(Float, Float, Double)]
    )
    func refused(mean: Float, deviation: Float, factor: Double) {
        #expect(throws: ImagingError.self) {
            try PreprocessingRecipe(
                imageSize: 8,
                mean: [0.5, mean, 0.5],
                standardDeviation: [0.5, deviation, 0.5],
                rescaleFactor: factor
            )
        }
    }

    @Test("Odd ones that give numbers are taken")
    func taken() throws {
        let recipe = try PreprocessingRecipe(
            imageSize: 8,
            mean: [0, -100, 1e6],
            standardDeviation: [1e-6, 1, 1e6],
            rescaleFactor: 1
        )
        #expect(recipe.byteValues.count == 768)
        let areFinite = recipe.byteValues.allSatisfy(\.isFinite)
        #expect(areFinite)
    }
}
