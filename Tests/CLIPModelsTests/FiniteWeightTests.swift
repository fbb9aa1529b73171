import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Testing

@Suite("Weights that are not numbers")
struct FiniteWeightTests {
    private func refused(_ error: any Error, naming tensor: String, at element: Int) -> Bool {
        guard case .weights(.notFinite(tensor, element, let file)) = error as? ModelError else {
            return false
        }
        return file.hasSuffix("model.safetensors")
    }

    @Test(
        "One in any tensor that the model uses is refused, with tensor, element and file",
        arguments: [(TinyModel.odd, TinyModel.Layout.openCLIP), (.odd, .transformers), (.resNet, .openCLIP)]
    )
    func everyTensor(model: TinyModel, layout: TinyModel.Layout) throws {
        let bad: [Float] = [.nan, .infinity, -.infinity, .signalingNaN]
        let names = model.weights(layout).filter { !$0.value.isWhole }.keys.sorted()
        // The network's every kind of tensor, and the first and last of its elements in turn.
        let step = max(1, names.count / 24)
        for (index, name) in names.enumerated() where index % step == 0 || !name.contains("layer") {
            var element = 0
            #expect("\(name)") {
                try model.load(
                    layout,
                    changing: { weights in
                        element = index % 2 == 0 ? 0 : (weights[name]?.floats.count ?? 1) - 1
                        weights[name]?.floats[element] = bad[index % bad.count]
                    }
                )
            } throws: {
                refused($0, naming: name, at: element)
            }
        }
    }
}
