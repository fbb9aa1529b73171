// Says how often a model finds the right class of pictures in folders that are named by class.
//
// usage: measure MODEL_DIRECTORY FOLDER

import CLIPEngine
import CLIPEvaluation
import Foundation

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    print("usage: measure MODEL_DIRECTORY FOLDER")
    exit(64)
}
let model = ModelSource(name: "example", directory: arguments[1])
let cores = MachineProcessors.current.threads
let engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [model], cores: cores))
defer { engine.shutdown() }
try await engine.start()

let evaluation = try ZeroShotEvaluation(directory: arguments[2])
let report = try await evaluation.report(by: engine)
print(String(format: "%d pictures, %.0f %% right", report.images, report.top1 * 100))
for kind in report.classes where kind.mostConfused != nil {
    print("\(kind.label) was taken for \(kind.mostConfused?.label ?? "")")
}
