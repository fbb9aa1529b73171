package import CLIPEngine
internal import Foundation

/// Checks the processor, and how much of it this process may use.
package struct ProcessorCheck {
    /// The system's description of it.
    private let description: String
    /// How much of it this process may use.
    private let processors: MachineProcessors

    private static let group = "processor"

    package init(description: String, processors: MachineProcessors) {
        (self.description, self.processors) = (description, processors)
    }

    /// The processor of this machine.
    static var current: ProcessorCheck {
        ProcessorCheck(
            description: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "",
            processors: .current
        )
    }

    /// Model, instructions, precision and cores.
    ///
    /// - Parameters:
    ///   - native: the precisions for which it has instructions.
    ///   - asked: the precision that was asked for.
    ///   - threads: the number of compute threads.
    package func findings(native: [Precision], asked: Precision, threads: Int) -> [Finding] {
        let auto: Precision = native.contains(.bf16) ? .bf16 : .f32
        let fits = asked == .auto || native.contains(asked)
        let names = native.map(\.rawValue).joined(separator: ", ")
        var findings = [
            Finding(
                Self.group,
                "model",
                field("model name") ?? field("CPU part") ?? "not told by the system"
            ),
            Finding(Self.group, "instructions", instructions),
            fits
                ? Finding(
                    Self.group,
                    "precision",
                    asked == .auto
                        ? "\(auto.rawValue), as auto chooses of \(names)" : "\(asked.rawValue), of \(names)"
                )
                : Finding(
                    Self.group,
                    "precision",
                    "\(asked.rawValue), which this processor has no instructions for",
                    .problem,
                    "Set --precision (CLIP_PRECISION) to auto, or to one of \(names)."
                ),
        ]
        if native == [.f32] {
            findings.append(
                Finding(
                    Self.group,
                    "speed",
                    "f32 alone",
                    .note,
                    "A processor with AVX-512 BF16 or Arm BF16 is nearly twice as quick."
                )
            )
        }
        let share =
            processors.quota.map {
                ", of which control groups allow \(String(format: "%.2g", $0)) cores' time"
            } ?? ""
        let suited = processors.threads
        findings.append(
            Finding(
                Self.group,
                "cores",
                "\(processors.cores)\(share); \(threads) \(threads == 1 ? "thread computes" : "threads compute")",
                threads > suited ? .note : .ok,
                threads > suited
                    ? "More threads than cores wait for each other: set --threads \(suited) (CLIP_THREADS), or allow more."
                    : nil
            )
        )
        return findings
    }

    /// The instructions that matter for the speed of a forward pass.
    private var instructions: String {
        let flags = Set((field("flags") ?? field("Features") ?? "").split(separator: " ").map(String.init))
        let names = [
            ("avx2", "AVX2"), ("fma", "FMA"), ("avx512f", "AVX-512"), ("avx512_bf16", "AVX-512 BF16"),
            ("avx512_vnni", "AVX-512 VNNI"), ("avx_vnni", "AVX-VNNI"), ("amx_bf16", "AMX BF16"),
            ("amx_int8", "AMX INT8"), ("asimd", "NEON"), ("bf16", "BF16"), ("i8mm", "I8MM"),
        ].filter { flags.contains($0.0) }.map(\.1)
        return names.isEmpty ? "the baseline's" : names.joined(separator: ", ")
    }

    /// The value of the first line with this name in the system's description.
    private func field(_ name: String) -> String? {
        for line in description.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name else { continue }
            return parts[1].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }
}
