import CLIPKernels
import CLIPTestSupport
import Testing

@Suite("The words of kernel errors")
struct WordsTests {
    @Test("Every error is a sentence, and says what to do")
    func sentences() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "outOfMemory": KernelError.outOfMemory(byteCount: 64),
            "operationFailed": KernelError.operationFailed(operation: "linear 1x1x1", status: 3),
            "abandoned": KernelError.abandoned,
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "KernelError",
            in: "CLIPKernels/KernelError.swift"
        )
        #expect(complaints == [])
    }
}
