import CLIPWeights
import Testing

@Suite("A weight error")
struct WeightErrorTests {
    @Test("A missing file says so in words")
    func unreadable() {
        #expect(
            WeightError.unreadableFile(path: "model.safetensors", code: 2).description
                == "model.safetensors cannot be read: No such file or directory. "
                + "Download it anew, or check its path and who may read it."
        )
    }

    @Test("A shape mismatch tells the tensor and both shapes")
    func shapes() {
        #expect(
            WeightError.shapeMismatch(tensor: "visual.proj", expected: [768, 512], found: [512]).description
                == "The tensor 'visual.proj' has the shape [512]; the configuration asks for [768, 512]. "
                + "Take configuration and weights from one checkpoint."
        )
    }

    @Test("Many names become ten and a count")
    func lists() {
        let names = (0..<10).map { "n\($0)" }
        #expect(
            WeightError.missingTensors(names: names, count: 150).description
                == "The checkpoint lacks 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9' and 140 more. "
                + "Take configuration and weights from one checkpoint."
        )
        #expect(
            WeightError.missingTensors(names: ["a"], count: 1).description.hasPrefix(
                "The checkpoint lacks 'a'. "
            )
        )
        let unused = WeightError.unusedTensors(names: ["a", "b"], count: 2).description
        #expect(unused.hasPrefix("The model has no use for 'a', 'b'; "))
    }

    @Test("A hostile name cannot forge a line of a log")
    func hostileNames() {
        let error = WeightError.duplicateTensor(name: "a\n\u{1B}[2J\u{9B}b", file: "m")
        #expect(error.description.hasPrefix(#"m lists the tensor 'a\n\u{1B}[2J\u{009B}b' twice. "#))
        let long = WeightError.duplicateTensor(name: String(repeating: "x", count: 121), file: "m")
        #expect(
            long.description.hasPrefix(
                "m lists the tensor '\(String(repeating: "x", count: 120))...' twice. "
            )
        )
    }
}
