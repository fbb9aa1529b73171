import CLIPTestSupport
import CLIPWeights
import Testing

@Suite("A weight scope")
struct WeightScopeTests {
    private let directory: TemporaryDirectory
    private let root: WeightScope

    init() throws {
        directory = try TemporaryDirectory()
        let names = [
            "visual.ln.weight", "visual.ln.bias", "visual.blocks.0.weight", "visually.weight", "logit_scale",
        ]
        let tensors = names.map { SafetensorsBytes.Tensor($0, [2], floats: [1, 2]) }
        let path = try directory.write(SafetensorsBytes.file(tensors), to: "model.safetensors")
        root = WeightScope(Checkpoint(try SafetensorsFile(path: path)))
    }

    @Test("A tensor is found below nested scopes")
    func nested() throws {
        let scope = root.scope("visual").scope("blocks.0")
        #expect(scope.fullName("weight") == "visual.blocks.0.weight")
        #expect(scope.contains("weight"))
        #expect(!scope.contains("bias"))
        #expect(scope.shape(of: "weight") == [2])
        #expect(scope.shape(of: "bias") == nil)
        #expect(try scope.tensor("weight", shape: [2]).floats() == [1, 2])
        #expect(try scope.tensorIfPresent("weight", shape: [2])?.name == "visual.blocks.0.weight")
        #expect(try scope.tensorIfPresent("bias", shape: [2]) == nil)
    }

    @Test("A missing tensor is named in full")
    func missing() {
        #expect(throws: WeightError.missingTensors(names: ["visual.ln.gain"], count: 1)) {
            try root.scope("visual.ln").tensor("gain", shape: [2])
        }
    }

    @Test("Missing tensors are named together, ten at most")
    func missingTogether() throws {
        try root.scope("visual").requirePresent(["ln.weight", "ln.bias"])
        #expect(throws: WeightError.missingTensors(names: ["visual.a", "visual.b"], count: 2)) {
            try root.scope("visual").requirePresent(["a", "ln.weight", "b"])
        }
        let names = (0..<12).map { "layer.\($0)" }
        #expect(throws: WeightError.missingTensors(names: Array(names.prefix(10)), count: 12)) {
            try root.requirePresent(names)
        }
    }

    @Test(
        "A tensor of another shape is refused with both shapes",
        arguments: [[1], [2, 1], [1, 2], [], [3]]
    )
    func shape(expected: [Int]) {
        let error = WeightError.shapeMismatch(tensor: "visual.ln.bias", expected: expected, found: [2])
        #expect(throws: error) { try root.scope("visual").tensor("ln.bias", shape: expected) }
        #expect(throws: error) { try root.scope("visual").tensorIfPresent("ln.bias", shape: expected) }
    }

    @Test("What nobody asked for is listed by name")
    func unused() throws {
        #expect(
            throws: WeightError.unusedTensors(
                names: [
                    "logit_scale", "visual.blocks.0.weight", "visual.ln.bias", "visual.ln.weight",
                    "visually.weight",
                ],
                count: 5
            )
        ) { try root.requireAllUsed() }
        _ = try root.scope("visual").scope("ln").tensor("weight", shape: [2])
        _ = try root.scope("visual.ln").tensorIfPresent("bias", shape: [2])
        #expect(throws: WeightError.unusedTensors(names: ["visual.blocks.0.weight"], count: 1)) {
            try root.scope("visual").requireAllUsed()
        }
        try root.scope("visual").requireAllUsed(ignoring: ["blocks.0.weight", "blocks.1.weight"])
        #expect(throws: WeightError.unusedTensors(names: ["visually.weight"], count: 1)) {
            try root.requireAllUsed(ignoring: ["logit_scale", "visual.blocks.0.weight"])
        }
        _ = try root.scope("visual.blocks").tensor("0.weight", shape: [2])
        _ = try root.tensor("visually.weight", shape: [2])
        try root.requireAllUsed(ignoring: ["logit_scale"])
    }

    @Test("Looking at a tensor, or failing to get it, is not using it")
    func asking() throws {
        _ = root.contains("logit_scale")
        _ = root.shape(of: "logit_scale")
        try root.requirePresent(["logit_scale"])
        #expect(throws: WeightError.self) { try root.tensor("logit_scale", shape: []) }
        #expect(throws: WeightError.unusedTensors(names: ["logit_scale"], count: 1)) {
            try root.requireAllUsed(
                ignoring: ["visual.ln.weight", "visual.ln.bias", "visual.blocks.0.weight", "visually.weight"]
            )
        }
    }

    @Test("Of many unused tensors ten are named and all are counted")
    func manyUnused() throws {
        let tensors = (10..<35).map { SafetensorsBytes.Tensor("layer.\($0)", [1], floats: [0]) }
        let path = try directory.write(SafetensorsBytes.file(tensors.reversed()), to: "model.safetensors")
        let scope = WeightScope(Checkpoint(try SafetensorsFile(path: path)))
        #expect(throws: WeightError.unusedTensors(names: (10..<20).map { "layer.\($0)" }, count: 25)) {
            try scope.requireAllUsed()
        }
    }
}
