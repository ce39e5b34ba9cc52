// LabKernel
