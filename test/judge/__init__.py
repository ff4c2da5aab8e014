# SPDX-License-Identifier: Apache-2.0 - marks the comparison of the module with Clerk's SDK as a package
